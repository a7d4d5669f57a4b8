module bareplane.dev/pause

go 1.26
