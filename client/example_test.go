package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"apicenter/client"
)

// example is a center with one API in it, for the examples to use.
func example(ctx context.Context) (c *client.Client, end func()) {
	center, err := openCenter(ctx)
	if err != nil {
		log.Fatal(err)
	}
	api := client.Resource[client.API]{Properties: client.API{Title: "Petstore", Kind: "rest"}}
	if _, err := center.workspace().APIs().CreateOrUpdate(ctx, "petstore", api); err != nil {
		log.Fatal(err)
	}
	return center.Client, func() {
		if err := center.Close(); err != nil {
			log.Fatal(err)
		}
	}
}

func Example() {
	ctx := context.Background()
	center, end := example(ctx) // client.New("https://apis.example:8443", client.Options{Token: token})
	defer end()

	workspace := center.Service("S", "G", "main").Workspace("default")
	for api, err := range workspace.APIs().List(ctx, client.ListOptions{Filter: "kind eq 'rest'"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(api.Name, "-", api.Properties.Title)
	}
	// Output: petstore - Petstore
}

// A change that nobody else's change is lost by.
func ExampleCollection_CreateOrUpdate() {
	ctx := context.Background()
	center, end := example(ctx)
	defer end()

	apis := center.Service("S", "G", "main").Workspace("default").APIs()
	api, err := apis.Get(ctx, "petstore")
	if err != nil {
		log.Fatal(err)
	}
	stale := api.ETag
	api.Properties.Summary = "Cats, dogs and one parrot"
	if api, err = apis.CreateOrUpdate(ctx, "petstore", api, client.IfMatch(stale)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(api.Properties.Summary)

	_, err = apis.CreateOrUpdate(ctx, "petstore", api, client.IfMatch(stale))
	fmt.Println(errors.Is(err, &client.Error{Code: "PreconditionFailed"}))
	// Output:
	// Cats, dogs and one parrot
	// true
}

func ExampleDefinitionRef_ExportSpecification() {
	ctx := context.Background()
	center, end := example(ctx)
	defer end()

	api := center.Service("S", "G", "main").Workspace("default").API("petstore")
	_, err := api.Versions().CreateOrUpdate(ctx, "one", client.Resource[client.Version]{
		Properties: client.Version{Title: "One", LifecycleStage: "design"},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = api.Version("one").Definitions().CreateOrUpdate(ctx, "openapi", client.Resource[client.Definition]{
		Properties: client.Definition{Title: "OpenAPI"},
	})
	if err != nil {
		log.Fatal(err)
	}
	definition := api.Version("one").Definition("openapi")
	err = definition.ImportSpecification(ctx, client.Document{
		Format: "inline", Value: `{"openapi":"3.0.1"}`,
		Specification: &client.Specification{Name: "openapi", Version: "3.0.1"},
	})
	if err != nil {
		log.Fatal(err)
	}

	document, err := definition.ExportSpecification(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer document.Close()
	text, err := io.ReadAll(document)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
	// Output: {"openapi":"3.0.1"}
}

func ExampleError() {
	ctx := context.Background()
	center, end := example(ctx)
	defer end()

	_, err := center.Service("S", "G", "main").Workspace("default").APIs().Get(ctx, "unicorns")
	if refusal, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(refusal.Status, refusal.Code)
	}
	// Output: 404 ResourceNotFound
}
