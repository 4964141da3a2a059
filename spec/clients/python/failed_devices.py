import os
import northbound

url = os.environ.get("NORTHBOUND_ENDPOINT", "http://127.0.0.1:8743")
configuration = northbound.Configuration(host=url, api_key={"AppKey": "demo-app"})  # the header app_key
with northbound.ApiClient(configuration) as client:
    login = northbound.AuthenticationApi(client).login("demo-app", "demo-secret")
    configuration.access_token = login.access_token.get_secret_value()  # the header Authorization
    batch_tasks, number = northbound.BatchTasksApi(client), 0
    failed = northbound.SubtaskStatus.FAIL
    while subtasks := batch_tasks.list_subtasks("demo", status=failed, page_no=number, page_size=250).task_details:
        for subtask in subtasks:
            print(subtask.param and subtask.param.device_id, subtask.error)
        number += 1
