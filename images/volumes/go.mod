module bareplane.dev/volumes

go 1.26
