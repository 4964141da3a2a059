import java.util.List;
import northbound.ApiClient;
import northbound.api.AuthenticationApi;
import northbound.api.BatchTasksApi;
import northbound.model.Subtask;
import northbound.model.SubtaskStatus;

public class FailedDevices {
  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv().getOrDefault("NORTHBOUND_ENDPOINT", "http://127.0.0.1:8743"));
    String token = new AuthenticationApi(client).login("demo-app", "demo-secret").getAccessToken();
    client.setRequestInterceptor(request ->
        request.header("app_key", "demo-app").header("Authorization", "Bearer " + token));
    BatchTasksApi batchTasks = new BatchTasksApi(client); // takes the interceptor as it is now
    for (int pageNo = 0; ; pageNo++) {
      List<Subtask> subtasks =
          batchTasks.listSubtasks("demo", null, SubtaskStatus.FAIL, null, null, pageNo, 250).getTaskDetails();
      if (subtasks == null || subtasks.isEmpty()) {
        return;
      }
      for (Subtask subtask : subtasks) {
        String device = subtask.getParam() == null ? null : subtask.getParam().getDeviceId();
        System.out.println(device + " " + subtask.getError());
      }
    }
  }
}
