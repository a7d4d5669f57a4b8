module bareplane.dev/hello

go 1.26
