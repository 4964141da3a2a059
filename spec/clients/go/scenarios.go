// Runs the scenarios with the client that openapi-generator makes.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"example/northbound"
)

type query struct {
	AppId     *string
	TaskId    string
	Status    *northbound.SubtaskStatus
	DeviceId  *string
	CommandId *string
	PageNo    int32
	PageSize  int32
}

type scenario struct {
	Name    string
	Url     string
	Exam    bool
	Faults  []json.RawMessage
	Login   struct{ AppId, Secret string }
	Token   *string
	List    *query
	ListAll *query `json:"list-all"`
}

func control(url, path string, body []byte) error {
	reply, err := http.Post(url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", path, reply.Status)
	}
	return nil
}

// platformError is the platform's error, as far as the client hands it out.
type platformError struct {
	status int
	body   northbound.ErrorResponse
}

func (e *platformError) Error() string { return fmt.Sprintf("HTTP %d", e.status) }

// refused tells a reply that bears an error from one that could not be read, and from a call that was not made.
func refused(err error, reply *http.Response) error {
	var generic *northbound.GenericOpenAPIError
	if err == nil || !errors.As(err, &generic) || reply == nil || reply.StatusCode < 300 {
		return err
	}
	body, _ := generic.Model().(northbound.ErrorResponse)
	return &platformError{reply.StatusCode, body}
}

func list(ctx context.Context, client *northbound.APIClient, query *query) (*northbound.SubtaskPage, error) {
	call := client.BatchTasksAPI.ListSubtasks(ctx).TaskId(query.TaskId)
	if query.AppId != nil {
		call = call.AppId(*query.AppId)
	}
	if query.Status != nil {
		call = call.Status(*query.Status)
	}
	if query.DeviceId != nil {
		call = call.DeviceId(*query.DeviceId)
	}
	if query.CommandId != nil {
		call = call.CommandId(*query.CommandId)
	}
	page, reply, err := call.PageNo(query.PageNo).PageSize(query.PageSize).Execute()
	return page, refused(err, reply)
}

func run(scenario *scenario) (any, error) {
	if !scenario.Exam {
		if err := control(scenario.Url, "/_emulator/reset", nil); err != nil {
			return nil, err
		}
	}
	for _, fault := range scenario.Faults {
		if err := control(scenario.Url, "/_emulator/faults", fault); err != nil {
			return nil, err
		}
	}
	configuration := northbound.NewConfiguration()
	configuration.Servers = northbound.ServerConfigurations{{URL: scenario.Url}}
	client := northbound.NewAPIClient(configuration)
	ctx := context.Background()

	login := client.AuthenticationAPI.Login(ctx).AppId(scenario.Login.AppId).Secret(scenario.Login.Secret)
	token, reply, err := login.Execute()
	if err != nil {
		return nil, refused(err, reply)
	}
	accessToken := token.GetAccessToken()
	if scenario.Token != nil {
		accessToken = *scenario.Token
	}
	keys := map[string]northbound.APIKey{"AppKey": {Key: scenario.Login.AppId}}
	ctx = context.WithValue(ctx, northbound.ContextAPIKeys, keys)
	ctx = context.WithValue(ctx, northbound.ContextAccessToken, accessToken)
	switch {
	case scenario.List != nil:
		return list(ctx, client, scenario.List)
	case scenario.ListAll == nil:
		return token, nil
	}
	all := northbound.NewSubtaskPage()
	for {
		page, err := list(ctx, client, scenario.ListAll)
		if err != nil {
			return nil, err
		}
		all.TaskDetails = append(all.TaskDetails, page.GetTaskDetails()...)
		if len(page.GetTaskDetails()) == 0 || int64(len(all.TaskDetails)) >= page.GetTotalCount() {
			return all, nil
		}
		scenario.ListAll.PageNo++
	}
}

// text is the first of two members that is there.
func text(members ...northbound.NullableString) *string {
	for _, member := range members {
		if member.Get() != nil {
			return member.Get()
		}
	}
	return nil
}

func outcome(reply any, err error) map[string]any {
	var platform *platformError
	switch {
	case err == nil:
		return map[string]any{"reply": reply}
	case errors.As(err, &platform):
		body := platform.body
		code, words := text(body.ErrorCode, body.Resultcode), text(body.ErrorDesc, body.Resultmsg)
		return map[string]any{"error": map[string]any{"status": platform.status, "code": code, "text": words}}
	default:
		return map[string]any{"failure": err.Error()}
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var scenarios []*scenario
	if err := json.Unmarshal(text, &scenarios); err != nil {
		panic(err)
	}
	for _, scenario := range scenarios {
		reply, err := run(scenario)
		line := map[string]any{"scenario": scenario.Name, "got": outcome(reply, err)}
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			panic(err)
		}
	}
}
