// Runs the scenarios with the types that openapi-typescript makes, and openapi-fetch.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./northbound.js";

type Login = components["schemas"]["LoginRequest"];
type Query = paths["/iocm/app/batchtask/v1.1.0/taskDetails"]["get"]["parameters"]["query"];
type ErrorResponse = components["schemas"]["ErrorResponse"];
interface Scenario {
  name: string;
  url: string;
  exam?: boolean;
  faults?: unknown[];
  login: Login;
  token?: string;
  list?: Query;
  "list-all"?: Query;
}

class PlatformError extends Error {
  constructor(readonly status: number, readonly body: ErrorResponse | undefined) {
    super(`HTTP ${status}`);
  }
}

async function control(url: string, path: string, body?: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) ?? null });
  if (!reply.ok) throw new Error(`${path}: HTTP ${reply.status}`);
}

async function login(url: string, body: Login) {
  const { data, error, response } = await createClient<paths>({ baseUrl: url }).POST("/iocm/app/sec/v1.1.0/login", {
    body,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  if (data === undefined) throw new PlatformError(response.status, error);
  return data;
}

async function run(scenario: Scenario): Promise<unknown> {
  if (!scenario.exam) await control(scenario.url, "/_emulator/reset");
  for (const fault of scenario.faults ?? []) await control(scenario.url, "/_emulator/faults", fault);
  const token = await login(scenario.url, scenario.login);
  const authorization = `Bearer ${scenario.token ?? token.accessToken}`;
  const client = createClient<paths>({
    baseUrl: scenario.url,
    headers: { app_key: scenario.login.appId, Authorization: authorization },
  });
  const list = async (query: Query) => {
    const { data, error, response } = await client.GET("/iocm/app/batchtask/v1.1.0/taskDetails", { params: { query } });
    if (data === undefined) throw new PlatformError(response.status, error);
    return data;
  };
  if (scenario.list) return list(scenario.list);
  if (!scenario["list-all"]) return token;
  const rows: components["schemas"]["Subtask"][] = [];
  for (let pageNo = 0; ; pageNo++) {
    const page = await list({ ...scenario["list-all"], pageNo });
    rows.push(...(page.taskDetails ?? []));
    if (!page.taskDetails?.length || rows.length >= (page.totalCount ?? 0)) return { taskDetails: rows };
  }
}

function outcome(thrown: unknown): unknown {
  if (!(thrown instanceof PlatformError)) return { failure: String(thrown) };
  // What is no JSON is handed out as text.
  const body = typeof thrown.body === "object" ? thrown.body : undefined;
  const code = body?.error_code ?? body?.resultcode ?? null;
  const text = body?.error_desc ?? body?.resultmsg ?? null;
  return { error: { status: thrown.status, code, text } };
}

const scenarios: Scenario[] = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
for (const scenario of scenarios) {
  const got = await run(scenario).then((reply) => ({ reply }), outcome);
  console.log(JSON.stringify({ scenario: scenario.name, got }));
}
