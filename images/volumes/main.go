// Command volumes makes and removes one volume's directory, for the local-path provisioner, which asks with
// `-p PATH -s BYTES -m MODE -a create|delete`. Its image holds nothing beside it: no shell, no other program.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(arguments []string) error {
	asked := flag.NewFlagSet("volumes", flag.ContinueOnError)
	path := asked.String("p", "", "directory of the volume")
	action := asked.String("a", "", "create or delete")
	mode := asked.String("m", "Filesystem", "the volume's mode; a directory can only be a file system")
	asked.Int64("s", 0, "bytes asked for; a directory cannot be limited")
	if err := asked.Parse(arguments); err != nil {
		return err
	}
	if !filepath.IsAbs(*path) || filepath.Dir(filepath.Clean(*path)) == "/" {
		return fmt.Errorf("%q is not the directory of a volume", *path)
	}
	switch *action {
	case "create":
		if *mode != "Filesystem" {
			return fmt.Errorf("%s: a volume of mode %s cannot be a directory", *path, *mode)
		}
		return create(*path)
	case "delete":
		return os.RemoveAll(*path)
	default:
		return fmt.Errorf("the action is %q, neither create nor delete", *action)
	}
}

// A pod writes to its volume as whatever user it runs; who may come here at all is decided by the directory above.
func create(path string) error {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	return os.Chmod(path, 0o777)
}
