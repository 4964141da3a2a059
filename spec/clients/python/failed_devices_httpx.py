import os
from northbound_api_client import AuthenticatedClient, Client
from northbound_api_client.api.authentication import login
from northbound_api_client.api.batch_tasks import list_subtasks
from northbound_api_client.models import LoginRequest, SubtaskPage, SubtaskStatus

url = os.environ.get("NORTHBOUND_ENDPOINT", "http://127.0.0.1:8743")
token = login.sync(client=Client(url), body=LoginRequest("demo-app", "demo-secret"))
# `token` is the header Authorization.
client, number = AuthenticatedClient(url, token=token.access_token, headers={"app_key": "demo-app"}), 0
while True:
    page = list_subtasks.sync(client=client, task_id="demo", status=SubtaskStatus.FAIL, page_no=number, page_size=250)
    if not isinstance(page, SubtaskPage):
        raise SystemExit(f"the platform refused the call: {page}")
    for subtask in page.task_details or []:
        print(subtask.param and subtask.param.device_id, subtask.error)
    if not page.task_details:
        break
    number += 1
