"""Runs the scenarios with the client that openapi-generator makes."""

import northbound
from pydantic import SecretStr, ValidationError

import scenarios


class Client:
    def __init__(self, url, app_key):
        self.url, self.app_key = url, app_key
        self.token = None

    def call(self, api, operation, arguments):
        configuration = northbound.Configuration(
            host=self.url, api_key={"AppKey": self.app_key}, access_token=self.token
        )
        with northbound.ApiClient(configuration) as client:
            method = getattr(api(client), operation)
            try:
                return method(**arguments).to_dict()
            except northbound.ApiException as error:
                body = error.data if isinstance(error.data, northbound.ErrorResponse) else None
                raise scenarios.PlatformError(error.status, body) from error
            except ValidationError as error:
                # Arguments and replies are checked by the same means; only arguments are named after the method.
                if error.title.endswith(operation):
                    raise scenarios.Refused(error) from error
                raise

    def login(self, appId, secret):
        token = self.call(northbound.AuthenticationApi, "login", {"app_id": appId, "secret": secret})
        for name, value in token.items():
            if isinstance(value, SecretStr):
                token[name] = value.get_secret_value()
        self.token = token["accessToken"]
        return token

    def list_subtasks(self, **arguments):
        names = {"appId": "app_id", "taskId": "task_id", "deviceId": "device_id", "commandId": "command_id"}
        names |= {"pageNo": "page_no", "pageSize": "page_size"}
        arguments = {names.get(name, name): value for name, value in arguments.items()}
        return self.call(northbound.BatchTasksApi, "list_subtasks", arguments)


scenarios.main(Client)
