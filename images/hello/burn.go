package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
)

const page = 4096

var ballast = make([]byte, 1<<20)

// work answers after a few milliseconds of one processor, as an app does that computes something.
func work(answer http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(answer, "%x\n", sha256.Sum256(ballast))
}

// burn keeps BURN_THREADS threads busy (two for each processor) and BURN_MEMORY MiB (64) in use for as long as it runs.
func burn() error {
	threads, err := number("BURN_THREADS", 2*runtime.NumCPU())
	if err != nil {
		return err
	}
	mebibytes, err := number("BURN_MEMORY", 64)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(threads + 1)
	share := mebibytes << 20 / max(threads, 1)
	for range threads {
		go func() {
			memory := make([]byte, share)
			for step := byte(0); ; step++ {
				for at := 0; at < len(memory); at += page {
					memory[at] = step
				}
				sha256.Sum256(ballast)
			}
		}()
	}
	return nil
}

func number(name string, otherwise int) (int, error) {
	text := os.Getenv(name)
	if text == "" {
		return otherwise, nil
	}
	return strconv.Atoi(text)
}
