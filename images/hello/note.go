package main

import (
	"io"
	"net/http"
	"os"
)

const longestNote = 4096

// A note is a file, in a volume say, that remembers what was last put there.
type note struct{ path string }

func (n note) route(routes *http.ServeMux) {
	routes.HandleFunc("GET /note", func(answer http.ResponseWriter, request *http.Request) {
		http.ServeFile(answer, request, n.path)
	})
	routes.HandleFunc("PUT /note", func(answer http.ResponseWriter, request *http.Request) {
		text, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, longestNote))
		if err == nil {
			err = os.WriteFile(n.path, text, 0o600)
		}
		if err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
		}
	})
}
