package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"example/northbound"
)

func main() {
	url := os.Getenv("NORTHBOUND_ENDPOINT")
	if url == "" {
		url = "http://127.0.0.1:8743"
	}
	configuration := northbound.NewConfiguration()
	configuration.Servers = northbound.ServerConfigurations{{URL: url}}
	client, ctx := northbound.NewAPIClient(configuration), context.Background()

	login, _, err := client.AuthenticationAPI.Login(ctx).AppId("demo-app").Secret("demo-secret").Execute()
	if err != nil {
		log.Fatal(err)
	}
	keys := map[string]northbound.APIKey{"AppKey": {Key: "demo-app"}}
	ctx = context.WithValue(ctx, northbound.ContextAPIKeys, keys)                       // the header app_key
	ctx = context.WithValue(ctx, northbound.ContextAccessToken, login.GetAccessToken()) // the header Authorization

	failed := client.BatchTasksAPI.ListSubtasks(ctx).TaskId("demo").Status(northbound.FAIL).PageSize(250)
	for number := int32(0); ; number++ {
		page, _, err := failed.PageNo(number).Execute()
		if err != nil {
			log.Fatal(err)
		}
		if len(page.TaskDetails) == 0 {
			return
		}
		for _, subtask := range page.TaskDetails {
			param := subtask.GetParam()
			fmt.Println(param.GetDeviceId(), subtask.GetError())
		}
	}
}
