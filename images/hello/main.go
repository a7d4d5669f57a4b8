// Command hello is the app that shows a cluster working: it says which pod on which node answered.
// `hello get URL` asks like a client does, from inside a pod whose image holds nothing but this program.
// `hello burn` answers as well, and is a bad neighbour meanwhile: see burn.go.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var version = "dev"

type greeting struct {
	Message  string `json:"message"`
	Hostname string `json:"hostname"`
	Pod      string `json:"pod,omitempty"`
	Node     string `json:"node,omitempty"`
	Version  string `json:"version"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 0:
		return serve()
	case len(arguments) == 2 && arguments[0] == "get":
		return get(arguments[1])
	case len(arguments) == 1 && arguments[0] == "burn":
		if err := burn(); err != nil {
			return err
		}
		return serve()
	default:
		return fmt.Errorf("usage: hello [get URL | burn]")
	}
}

func get(url string) error {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, answer.Status)
	}
	return nil
}

func serve() error {
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	message := os.Getenv("GREETING")
	if message == "" {
		message = "hello"
	}
	body, err := json.Marshal(greeting{message, hostname, os.Getenv("POD_NAME"), os.Getenv("NODE_NAME"), version})
	if err != nil {
		return err
	}
	body = append(body, '\n')
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "application/json")
		answer.Write(body)
	})
	routes.HandleFunc("GET /healthz", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Write([]byte("ok\n"))
	})
	routes.HandleFunc("GET /work", work)
	if path := os.Getenv("NOTE"); path != "" {
		note{path}.route(routes)
	}
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	listener, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err
	}
	log.Printf("hello %s on %s listens on %s", version, hostname, listener.Addr())

	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	drained := make(chan error, 1)
	go func() {
		<-stopping.Done()
		limit, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		drained <- server.Shutdown(limit)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}
