import createClient from "openapi-fetch";
import type { paths } from "./northbound.js";

const client = createClient<paths>({ baseUrl: process.env.NORTHBOUND_ENDPOINT ?? "http://127.0.0.1:8743" });
const login = await client.POST("/iocm/app/sec/v1.1.0/login", {
  body: { appId: "demo-app", secret: "demo-secret" },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
if (!login.data) throw new Error(`login: HTTP ${login.response.status} ${JSON.stringify(login.error)}`);
const headers = { app_key: "demo-app", Authorization: `Bearer ${login.data.accessToken}` };
for (let pageNo = 0; ; pageNo++) {
  const query = { taskId: "demo", status: "Fail", pageNo, pageSize: 250 } as const;
  const page = await client.GET("/iocm/app/batchtask/v1.1.0/taskDetails", { params: { query }, headers });
  if (!page.data) throw new Error(`subtasks: HTTP ${page.response.status} ${JSON.stringify(page.error)}`);
  if (!page.data.taskDetails?.length) break;
  for (const { param, error } of page.data.taskDetails) console.log(param?.deviceId, error);
}
