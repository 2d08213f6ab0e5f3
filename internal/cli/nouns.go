package cli

// The kinds of resources, each with the options and columns that it has. The
// spellings under was are those of az before its extension was at 1.0.0b5.

var stages = []string{"design", "development", "testing", "preview", "production", "deprecated", "retired"}

func apiStep() step {
	return step{"apis", "api-id", "", []string{"api", "api-name"}}
}

func versionStep() step {
	return step{"versions", "version-id", "", []string{"version", "version-name"}}
}

func definitionStep() step {
	return step{"definitions", "definition-id", "", []string{"definition", "definition-name"}}
}

var (
	titleOption       = option{flag: "title", property: "title", form: plainText, required: true, usage: "title"}
	looseTitle        = option{flag: "title", property: "title", form: plainText, usage: "title"} // the center asks for it, not the command line
	descriptionOption = option{flag: "description", property: "description", form: plainText, usage: "description; @FILE takes it from a file"}
	customOption      = option{
		flag: "custom-properties", property: "customProperties", form: anything,
		usage: "custom metadata: NAME=VALUE …, or an object as JSON, shorthand or @FILE",
	}
)

func apiKind() kind {
	return kind{
		noun: "API", plural: "APIs", steps: []step{apiStep()}, version: stable, search: true,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"KIND", "kind", nil},
			{"STAGE", "lifecycleStage", nil},
			{"SUMMARY", "summary", nil},
		},
		options: []option{
			titleOption,
			{
				flag: "type", property: "kind", form: choice, required: true, was: []string{"kind"},
				usage: "rest, graphql, grpc, soap, webhook, websocket or another `kind`, in any case",
				words: []string{"rest", "graphql", "grpc", "soap", "webhook", "websocket"},
			},
			descriptionOption,
			{flag: "summary", property: "summary", form: plainText, usage: "a sentence about it"},
			{flag: "contacts", property: "contacts", form: records, usage: "who answers for it: [{name:Ann,email:ann@example.com}]"},
			{flag: "external-documentation", property: "externalDocumentation", form: records, usage: "where it is described: [{title:Guide,url:https://…}]"},
			{flag: "license", property: "license", form: record, usage: "license: name=MIT, with url=… or identifier=…"},
			{flag: "terms-of-service", property: "termsOfService", form: record, usage: "terms of service: url=…"},
			customOption,
		},
		examples: map[string]string{
			"list":    "apicenter api list --search pet\napicenter api list --filter \"kind eq 'rest'\" --max-items 10 -o json",
			"show":    "apicenter api show --api-id petstore\napicenter api show --api-id petstore --at 24h",
			"create":  "apicenter api create --api-id orders --title Orders --type REST\napicenter api create --api-id parcels --title Parcels --type grpc --contacts \"[{name:Ann,email:ann@example.com}]\" --custom-properties team=shipping",
			"update":  "apicenter api update --api-id petstore --summary \"All about pets\"\napicenter api update --api-id petstore --set license.name=MIT --add contacts name=Ann email=ann@example.com",
			"delete":  "apicenter api delete --api-id petstore\napicenter api delete --api-id petstore --yes",
			"history": "apicenter api history --api-id petstore --top 5",
		},
	}
}

func versionKind() kind {
	return kind{
		noun: "version", plural: "versions of an API", steps: []step{apiStep(), versionStep()}, version: stable,
		columns: []column{{"NAME", "name", nil}, {"TITLE", "title", nil}, {"STAGE", "lifecycleStage", nil}},
		options: []option{
			looseTitle,
			{
				flag: "lifecycle-stage", property: "lifecycleStage", form: choice,
				usage: "`stage` of the version: design, development, testing, preview, production, deprecated or retired", words: stages,
			},
		},
		examples: map[string]string{
			"list":    "apicenter api version list --api-id petstore",
			"show":    "apicenter api version show --api-id petstore --version-id v1-0",
			"create":  "apicenter api version create --api-id petstore --version-id v2-0 --title v2 --lifecycle-stage production",
			"update":  "apicenter api version update --api-id petstore --version-id v1-0 --lifecycle-stage deprecated",
			"delete":  "apicenter api version delete --api-id petstore --version-id v1-0 --yes",
			"history": "apicenter api version history --api-id petstore --version-id v1-0",
		},
	}
}

func definitionKind() kind {
	return kind{
		noun: "definition", plural: "definitions of a version",
		steps: []step{apiStep(), versionStep(), definitionStep()}, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"SPECIFICATION", "specification.name", nil},
			{"SPECVERSION", "specification.version", nil},
		},
		options: []option{looseTitle, descriptionOption},
		examples: map[string]string{
			"list":    "apicenter api definition list --api-id petstore --version-id v1-0",
			"show":    "apicenter api definition show --api-id petstore --version-id v1-0 --definition-id openapi",
			"create":  "apicenter api definition create --api-id petstore --version-id v1-0 --definition-id async --title AsyncAPI",
			"update":  "apicenter api definition update --api-id petstore --version-id v1-0 --definition-id openapi --title \"OpenAPI 3\"",
			"delete":  "apicenter api definition delete --api-id petstore --version-id v1-0 --definition-id openapi --yes",
			"history": "apicenter api definition history --api-id petstore --version-id v1-0 --definition-id openapi",
		},
	}
}

func deploymentKind() kind {
	return kind{
		noun: "deployment", plural: "deployments of an API",
		steps: []step{apiStep(), {"deployments", "deployment-id", "", []string{"deployment", "deployment-name"}}}, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"STATE", "state", nil},
			{"ENVIRONMENT", "environmentId", func(o object) string { return last(o.text("environmentId")) }},
			{"ADDRESS", "server.runtimeUri", func(o object) string { return joined(o, "server.runtimeUri") }},
		},
		options: []option{
			titleOption,
			{flag: "environment-id", property: "environmentId", form: reference, required: true, usage: "environment that it is in, by name or id"},
			{
				flag: "definition-id", property: "definitionId", form: plainText, required: true,
				usage: "definition of what is deployed: /workspaces/default/apis/A/versions/V/definitions/D",
			},
			{flag: "server", property: "server", form: record, required: true, usage: "its addresses: {runtimeUri:[https://…]}"},
			descriptionOption,
			customOption,
			{flag: "state", property: "state", form: choice, usage: "active or inactive", words: []string{"active", "inactive"}},
		},
		examples: map[string]string{
			"list": "apicenter api deployment list --api-id petstore",
			"show": "apicenter api deployment show --api-id petstore --deployment-id prod",
			"create": "apicenter api deployment create --api-id petstore --deployment-id europe --title Europe --environment-id prod \\\n" +
				"    --definition-id /workspaces/default/apis/petstore/versions/v1-0/definitions/openapi --server \"{runtimeUri:[https://eu.example.com/pets]}\"",
			"update":  "apicenter api deployment update --api-id petstore --deployment-id prod --set server.runtimeUri[0]=https://api.example.com/pets",
			"delete":  "apicenter api deployment delete --api-id petstore --deployment-id prod --yes",
			"history": "apicenter api deployment history --api-id petstore --deployment-id prod",
		},
	}
}

func environmentKind() kind {
	return kind{
		noun: "environment", plural: "environments",
		steps: []step{{"environments", "environment-id", "", []string{"environment", "environment-name"}}}, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"KIND", "kind", nil},
			{"SERVER", "server.type", nil},
		},
		options: []option{
			titleOption,
			{
				flag: "type", property: "kind", form: choice, required: true, was: []string{"kind"},
				usage: "development, testing, staging, production or another `kind`, in any case",
				words: []string{"development", "testing", "staging", "production"},
			},
			{flag: "server", property: "server", form: record, usage: "what serves it: {type:Kubernetes,managementPortalUri:[https://…]}"},
			{flag: "onboarding", property: "onboarding", form: record, usage: "how to get in: {instructions:…,developerPortalUri:[https://…]}"},
			descriptionOption,
			customOption,
		},
		examples: map[string]string{
			"list":    "apicenter environment list",
			"show":    "apicenter environment show --environment-id prod -o yaml",
			"create":  "apicenter environment create --environment-id test --title Test --type testing --server type=Kubernetes",
			"update":  "apicenter environment update --environment-id prod --onboarding instructions=\"Ask the platform team\"",
			"delete":  "apicenter environment delete --environment-id prod --yes",
			"history": "apicenter environment history --environment-id prod",
		},
	}
}

func metadataKind() kind {
	return kind{
		noun: "metadata schema", plural: "metadata schemas", ofService: true,
		steps: []step{{"metadataSchemas", "metadata-name", "", []string{"metadata-schema", "metadata-schema-name"}}}, version: stable,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "schema", schemaMember("title")},
			{"TYPE", "schema", schemaMember("type")},
			{"ASSIGNED TO", "assignedTo", assignedTo},
		},
		options: []option{
			{flag: "schema", property: "schema", form: plainText, required: true, usage: "JSON Schema of the values; @FILE takes it from a file"},
			{flag: "assignments", property: "assignedTo", form: anyList, required: true, usage: "what has it: [{entity:api,required:true,deprecated:false}]; an entity is api, deployment or environment"},
		},
		examples: map[string]string{
			"list":    "apicenter metadata list",
			"show":    "apicenter metadata show --metadata-name team",
			"create":  "apicenter metadata create --metadata-name cost-center --schema '{\"type\":\"string\",\"title\":\"Cost center\"}' --assignments '[{entity:api,required:false},{entity:environment}]'",
			"update":  "apicenter metadata update --metadata-name team --assignments '[{entity:api,required:true}]'",
			"delete":  "apicenter metadata delete --metadata-name team --yes",
			"history": "apicenter metadata history --metadata-name team",
		},
	}
}

// schemaMember shows a member of the JSON Schema, which is a text in a text.
func schemaMember(name string) func(object) string {
	return func(o object) string {
		v, err := parseJSON(o.text("schema"))
		if err != nil {
			return ""
		}
		inner, _ := asObject(v)
		return text(inner[name])
	}
}

// assignedTo shows what a metadata schema is assigned to: "api (required), deployment".
func assignedTo(o object) string {
	var all string
	for i, a := range o.objects("assignedTo") {
		if i > 0 {
			all += ", "
		}
		all += a.text("entity")
		for _, is := range []string{"required", "deprecated"} {
			if a.text(is) == "true" {
				all += " (" + is + ")"
			}
		}
	}
	return all
}

func analysisKind() kind {
	return kind{
		noun: "analysis", plural: "analyses of APIs",
		steps: []step{{"analyzerConfigs", "config-name", "c", []string{"analyzer-config-name"}}}, version: preview,
		columns: []column{
			{"NAME", "name", nil},
			{"TITLE", "title", nil},
			{"ANALYZER", "analyzerType", nil},
			{"STATE", "state", nil},
		},
		options: []option{
			{flag: "title", property: "title", form: plainText, usage: "title (default the name)"},
			{flag: "analyzer-type", property: "analyzerType", form: choice, usage: "`analyzer` to use (default spectral)", words: []string{"spectral"}},
			descriptionOption,
			{flag: "filter", property: "filter", form: anything, usage: "what to look at: {apis:[{operator:equals,property:kind,value:rest}],apiVersions:[],apiDefinitions:[]}"},
		},
		initial: func(name string) map[string]any { return map[string]any{"title": name, "analyzerType": "spectral"} },
		examples: map[string]string{
			"list":    "apicenter api-analysis list",
			"show":    "apicenter api-analysis show -c spectral-openapi",
			"create":  "apicenter api-analysis create -c spectral-async --title \"AsyncAPI rules\"",
			"update":  "apicenter api-analysis update -c spectral-openapi --description \"House rules\"",
			"delete":  "apicenter api-analysis delete -c spectral-openapi --yes",
			"history": "apicenter api-analysis history -c spectral-openapi",
		},
	}
}
