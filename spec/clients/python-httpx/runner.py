"""Runs the scenarios with the client that openapi-python-client makes."""

from northbound_api_client import AuthenticatedClient, Client as OpenClient
from northbound_api_client.api.authentication import login
from northbound_api_client.api.batch_tasks import list_subtasks
from northbound_api_client.models import ErrorResponse, LoginRequest, SubtaskStatus

import scenarios


def whole(reply):
    """What came, unless it is an error: this client returns both."""
    if isinstance(reply.parsed, ErrorResponse) or reply.status_code != 200:
        raise scenarios.PlatformError(reply.status_code, reply.parsed)
    return reply.parsed.to_dict()


class Client:
    def __init__(self, url, app_key):
        self.url, self.app_key = url, app_key
        self.token = None

    def login(self, appId, secret):
        with OpenClient(self.url) as client:
            token = whole(login.sync_detailed(client=client, body=LoginRequest(appId, secret)))
        self.token = token["accessToken"]
        return token

    def list_subtasks(self, **arguments):
        names = {"appId": "app_id", "taskId": "task_id", "deviceId": "device_id", "commandId": "command_id"}
        names |= {"pageNo": "page_no", "pageSize": "page_size"}
        arguments = {names.get(name, name): value for name, value in arguments.items()}
        if "status" in arguments:
            arguments["status"] = SubtaskStatus(arguments["status"])
        headers = {"app_key": self.app_key}
        with AuthenticatedClient(self.url, token=self.token, headers=headers) as client:
            return whole(list_subtasks.sync_detailed(client=client, **arguments))


scenarios.main(Client)
