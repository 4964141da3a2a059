import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import northbound.ApiClient;
import northbound.ApiException;
import northbound.api.AuthenticationApi;
import northbound.api.BatchTasksApi;
import northbound.model.ErrorResponse;
import northbound.model.Subtask;
import northbound.model.SubtaskPage;
import northbound.model.SubtaskStatus;

/** Runs the scenarios with the client that openapi-generator makes. */
public class Scenarios {
  static final ObjectMapper JSON = ApiClient.createDefaultObjectMapper();

  static void control(String url, String path, String body) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
    int status = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    if (status / 100 != 2) {
      throw new IOException(path + ": HTTP " + status);
    }
  }

  static String text(JsonNode node, String name) {
    return node.hasNonNull(name) ? node.get(name).asText() : null;
  }

  static Integer number(JsonNode node, String name) {
    return node.hasNonNull(name) ? Integer.valueOf(node.get(name).asInt()) : null;
  }

  static SubtaskPage list(BatchTasksApi api, JsonNode query, Integer pageNo) throws ApiException {
    return api.listSubtasks(
        text(query, "taskId"),
        text(query, "appId"),
        query.hasNonNull("status") ? SubtaskStatus.fromValue(text(query, "status")) : null,
        text(query, "deviceId"),
        text(query, "commandId"),
        pageNo,
        number(query, "pageSize"));
  }

  static Object run(JsonNode scenario) throws ApiException, IOException, InterruptedException {
    String url = scenario.get("url").asText();
    if (!scenario.has("exam")) {
      control(url, "/_emulator/reset", "");
    }
    for (JsonNode fault : scenario.path("faults")) {
      control(url, "/_emulator/faults", fault.toString());
    }
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    JsonNode login = scenario.get("login");
    var token = new AuthenticationApi(client).login(text(login, "appId"), text(login, "secret"));
    String accessToken = scenario.has("token") ? text(scenario, "token") : token.getAccessToken();
    client.setRequestInterceptor(request -> request
        .header("app_key", text(login, "appId"))
        .header("Authorization", "Bearer " + accessToken));
    BatchTasksApi api = new BatchTasksApi(client);
    if (scenario.has("list")) {
      return list(api, scenario.get("list"), number(scenario.get("list"), "pageNo"));
    }
    if (!scenario.has("list-all")) {
      return token;
    }
    List<Subtask> rows = new ArrayList<>();
    for (int pageNo = 0; ; pageNo++) {
      SubtaskPage page = list(api, scenario.get("list-all"), pageNo);
      rows.addAll(page.getTaskDetails());
      if (page.getTaskDetails().isEmpty() || rows.size() >= page.getTotalCount()) {
        return new SubtaskPage().taskDetails(rows);
      }
    }
  }

  /** The platform's error, as far as the client hands it out: it leaves the body as text. */
  static Map<String, Object> error(ApiException refused) {
    ErrorResponse body = new ErrorResponse();
    try {
      body = JSON.readValue(refused.getResponseBody(), ErrorResponse.class);
    } catch (IOException | IllegalArgumentException noJson) {
      // A proxy answers with HTML, or with nothing.
    }
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("status", refused.getCode());
    error.put("code", body.getErrorCode() != null ? body.getErrorCode() : body.getResultcode());
    error.put("text", body.getErrorDesc() != null ? body.getErrorDesc() : body.getResultmsg());
    return error;
  }

  static String outcome(JsonNode scenario) throws IOException {
    try {
      return "{\"reply\":" + JSON.writeValueAsString(run(scenario)) + "}";
    } catch (ApiException refused) {
      if (refused.getCode() != 0) {
        return "{\"error\":" + new ObjectMapper().writeValueAsString(error(refused)) + "}";
      }
      return JSON.writeValueAsString(Map.of("failure", String.valueOf(refused.getMessage())));
    } catch (Exception failure) {
      return JSON.writeValueAsString(Map.of("failure", failure.toString()));
    }
  }

  public static void main(String[] arguments) throws IOException {
    for (JsonNode scenario : JSON.readTree(Files.readString(Path.of(arguments[0])))) {
      System.out.println("{\"scenario\":" + scenario.get("name") + ",\"got\":" + outcome(scenario) + "}");
    }
  }
}
