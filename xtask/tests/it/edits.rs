//! Edits of the project's own document, each of the class that it has for clients.

use std::path::Path;

use xtask::diff::{Change, Class, changes};
use xtask::document::Document;

use super::project;

/// Lines that are taken out of the document, and those that take their place. Empty ones change nothing.
type Edit = (&'static str, &'static str);

/// Its name, what is done to the document before the comparison and only after it, what it means for clients, and how the
/// change has to read: operation, place, member, aspect, before and after.
type Row = (&'static str, Edit, Edit, Option<Class>, &'static str);

const SAME: Edit = ("", "");

/// The edits by which tools of this kind were compared: 15 that break a client, 7 that do not.
const YARDSTICK: [Row; 22] = [
    (
        "enum value removed (request)",
        SAME,
        (
            "      description: Only subtasks in this status.\n      schema:\n        $ref: '#/components/schemas/SubtaskStatus'\n",
            "      description: Only subtasks in this status.\n      schema:\n        type: string\n        enum: [Pending, Success, Fail, Timeout]\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|query status||enum|\"WaitResult\"|none",
    ),
    (
        "enum value added (answer)",
        (
            "        tokenType:\n          type: string\n",
            "        tokenType:\n          type: string\n          enum: [bearer]\n",
        ),
        ("          enum: [bearer]\n", "          enum: [bearer, Bearer]\n"),
        Some(Class::Breaking),
        "login|200 application/json|tokenType|enum|none|\"Bearer\"",
    ),
    (
        "optional parameter removed",
        SAME,
        ("        - $ref: '#/components/parameters/CommandId'\n", ""),
        Some(Class::Breaking),
        "listSubtasks|query commandId||parameter|optional|none",
    ),
    (
        "required parameter added",
        SAME,
        (
            "        - $ref: '#/components/parameters/PageSize'\n",
            "        - $ref: '#/components/parameters/PageSize'\n        - name: node\n          in: query\n          required: true\n          description: A node.\n          schema:\n            type: string\n          example: a\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|query node||parameter|none|required",
    ),
    (
        "parameter made required",
        SAME,
        (
            "      name: pageSize\n      in: query\n      required: false\n",
            "      name: pageSize\n      in: query\n      required: true\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|query pageSize||required|no|yes",
    ),
    (
        "response property removed",
        SAME,
        (
            "        commandId:\n          type: string\n          nullable: true\n          description: The device command.\n          example: 8c23b6b4ea6d4b1f9f8a4bd5b1f0a5c7\n",
            "",
        ),
        Some(Class::Breaking),
        "listSubtasks|200 application/json|taskDetails[].param.commandId|member|listed|none",
    ),
    (
        "response property made optional",
        (
            "    SubtaskPage:\n      type: object\n",
            "    SubtaskPage:\n      type: object\n      required: [totalCount]\n",
        ),
        (
            "    SubtaskPage:\n      type: object\n      required: [totalCount]\n",
            "    SubtaskPage:\n      type: object\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|200 application/json|totalCount|required|yes|no",
    ),
    (
        "response property of another type",
        SAME,
        (
            "        totalCount:\n          type: integer\n          format: int64\n          minimum: 0\n",
            "        totalCount:\n          type: string\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|200 application/json|totalCount|type|integer|string",
    ),
    (
        "maximum lowered",
        SAME,
        ("        maximum: 250\n", "        maximum: 100\n"),
        Some(Class::Breaking),
        "listSubtasks|query pageSize||maximum|250|100",
    ),
    (
        "path renamed",
        SAME,
        ("  /iocm/app/batchtask/v1.1.0/taskDetails:\n", "  /iocm/app/batchtask/v1.2.0/taskDetails:\n"),
        Some(Class::Breaking),
        "listSubtasks|||path|GET /iocm/app/batchtask/v1.1.0/taskDetails|GET /iocm/app/batchtask/v1.2.0/taskDetails",
    ),
    (
        "security scheme added",
        ("        - AppKey: []\n          BearerToken: []\n", "        - BearerToken: []\n"),
        ("        - BearerToken: []\n", "        - AppKey: []\n          BearerToken: []\n"),
        Some(Class::Breaking),
        "listSubtasks|||security|http scheme bearer|apiKey in header name app_key and http scheme bearer",
    ),
    (
        "response property made nullable",
        (
            "        totalCount:\n          type: integer\n          format: int64\n          minimum: 0\n          nullable: true\n",
            "        totalCount:\n          type: integer\n          format: int64\n          minimum: 0\n",
        ),
        (
            "        totalCount:\n          type: integer\n          format: int64\n          minimum: 0\n",
            "        totalCount:\n          type: integer\n          format: int64\n          minimum: 0\n          nullable: true\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|200 application/json|totalCount|nullable|no|yes",
    ),
    (
        "operationId changed",
        SAME,
        ("operationId: listSubtasks", "operationId: querySubtasks"),
        Some(Class::Breaking),
        "querySubtasks|||operationId|listSubtasks|querySubtasks",
    ),
    (
        "pattern added",
        SAME,
        (
            "    TaskId:\n      type: string\n",
            "    TaskId:\n      type: string\n      pattern: '^[0-9a-f]{24}$'\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|query taskId||pattern|none|^[0-9a-f]{24}$",
    ),
    (
        "media type changed",
        SAME,
        (
            "          description: One page of subtasks.\n          content:\n            application/json:\n",
            "          description: One page of subtasks.\n          content:\n            application/xml:\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|200||media type|application/json|application/xml",
    ),
    ("unchanged", SAME, SAME, None, ""),
    (
        "optional parameter added",
        SAME,
        (
            "        - $ref: '#/components/parameters/PageSize'\n",
            "        - $ref: '#/components/parameters/PageSize'\n        - name: node\n          in: query\n          description: A node.\n          schema:\n            type: string\n          example: a\n",
        ),
        Some(Class::Additive),
        "listSubtasks|query node||parameter|none|optional",
    ),
    (
        "response property added",
        SAME,
        (
            "    Subtask:\n      type: object\n      description: |\n        What happened to one device of a batch task. The page calls this structure `QueryTaskDetailDTOCloud2NA`.\n      properties:\n",
            "    Subtask:\n      type: object\n      description: |\n        What happened to one device of a batch task. The page calls this structure `QueryTaskDetailDTOCloud2NA`.\n      properties:\n        node:\n          type: string\n          nullable: true\n          description: A node.\n          example: a\n",
        ),
        Some(Class::Additive),
        "listSubtasks|200 application/json|taskDetails[].node|member|none|listed",
    ),
    (
        "maximum raised",
        SAME,
        ("        maximum: 250\n", "        maximum: 500\n"),
        Some(Class::Additive),
        "listSubtasks|query pageSize||maximum|250|500",
    ),
    (
        "prose only",
        SAME,
        (
            "description: Only subtasks in this status.",
            "description: Only the subtasks that have this status.",
        ),
        Some(Class::Editorial),
        "document|/components/parameters/Status/description||prose|none|none",
    ),
    (
        "parameter int32 to int64",
        SAME,
        (
            "        format: int32\n        minimum: 0\n        default: 0\n",
            "        format: int64\n        minimum: 0\n        default: 0\n",
        ),
        Some(Class::Additive),
        "listSubtasks|query pageNo||format|int32|int64",
    ),
    (
        "parameter made optional",
        SAME,
        (
            "      name: taskId\n      in: query\n      required: true\n",
            "      name: taskId\n      in: query\n      required: false\n",
        ),
        Some(Class::Additive),
        "listSubtasks|query taskId||required|yes|no",
    ),
];

/// What else somebody may do to the document.
const FURTHER: [Row; 21] = [
    (
        "value added to an open list",
        ("      x-enum-varnames:\n", "      x-no-names:\n"),
        ("      enum: [Pending, WaitResult,", "      enum: [Cancelled, Pending, WaitResult,"),
        Some(Class::Additive),
        "document|x-known-values|Subtask.status|known value|none|Cancelled",
    ),
    (
        "status added to the life cycle",
        SAME,
        (
            "        Fail: []\n",
            "        Fail: []\n        Cancelled: []\n        Draft: [Pending, Cancelled]\n",
        ),
        Some(Class::Additive),
        "document|x-lifecycle|SubtaskStatus|lifecycle|none|Draft to Cancelled",
    ),
    (
        "open list closed",
        SAME,
        ("          x-known-values: '#/components/schemas/SubtaskStatus'\n", ""),
        Some(Class::Breaking),
        "document|x-known-values|Subtask.status|member|listed|none",
    ),
    (
        "constant renamed",
        SAME,
        ("        - WAIT_RESULT\n", "        - WAITING\n"),
        Some(Class::Breaking),
        "document|x-enum-varnames|SubtaskStatus|enum name|WaitResult is WAIT_RESULT|none",
    ),
    (
        "reference made nullable",
        (
            "    SubtaskParam:\n      type: object\n      nullable: true\n",
            "    SubtaskParam:\n      type: object\n",
        ),
        (
            "    SubtaskParam:\n      type: object\n",
            "    SubtaskParam:\n      type: object\n      nullable: true\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|200 application/json|taskDetails[].param|nullable|no|yes",
    ),
    (
        "404 removed",
        SAME,
        ("        '404':\n          $ref: '#/components/responses/TaskNotFound'\n", ""),
        Some(Class::Breaking),
        "listSubtasks|404||response|listed|none",
    ),
    (
        "409 added",
        SAME,
        (
            "        '404':\n          $ref: '#/components/responses/TaskNotFound'\n",
            "        '404':\n          $ref: '#/components/responses/TaskNotFound'\n        '409':\n          $ref: '#/components/responses/TaskNotFound'\n",
        ),
        Some(Class::Additive),
        "listSubtasks|409||response|none|listed",
    ),
    (
        "202 added",
        SAME,
        (
            "        '404':\n          $ref: '#/components/responses/TaskNotFound'\n",
            "        '202':\n          description: Later.\n        '404':\n          $ref: '#/components/responses/TaskNotFound'\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|202||response|none|listed",
    ),
    (
        "default changed",
        SAME,
        ("        default: 25\n", "        default: 50\n"),
        Some(Class::Breaking),
        "listSubtasks|query pageSize||default|25|50",
    ),
    (
        "answer closed",
        SAME,
        (
            "                commandId: 8c23b6b4ea6d4b1f9f8a4bd5b1f0a5c7\n      additionalProperties: {}\n",
            "                commandId: 8c23b6b4ea6d4b1f9f8a4bd5b1f0a5c7\n      additionalProperties: false\n",
        ),
        Some(Class::Breaking),
        "listSubtasks|200 application/json||additionalProperties|any|none",
    ),
    (
        "answer int64 to int32",
        SAME,
        (
            "        pageNo:\n          type: integer\n          format: int64\n",
            "        pageNo:\n          type: integer\n          format: int32\n",
        ),
        Some(Class::Additive),
        "listSubtasks|200 application/json|pageNo|format|int64|int32",
    ),
    (
        "code added to a response",
        SAME,
        ("x-error-codes: ['105005'", "x-error-codes: ['100019', '105005'"),
        Some(Class::Additive),
        "listSubtasks|404||error code|none|100019",
    ),
    (
        "code removed from a response",
        SAME,
        ("x-error-codes: ['100203', '50252']", "x-error-codes: ['50252']"),
        Some(Class::Additive),
        "listSubtasks|500||error code|100203|none",
    ),
    (
        "code removed from the catalogue",
        ("  x-error-catalog:\n", "  x-error-catalog:\n    '7':\n      name: Seven\n      action: retry\n"),
        ("  x-error-catalog:\n    '7':\n      name: Seven\n      action: retry\n", "  x-error-catalog:\n"),
        Some(Class::Breaking),
        "document|x-error-catalog|7|member|listed|none",
    ),
    (
        "action changed",
        SAME,
        (
            "      remedy: Check the task id.\n      action: fix-request\n",
            "      remedy: Check the task id.\n      action: retry\n",
        ),
        Some(Class::Breaking),
        "document|x-error-catalog|105005|action|fix-request|retry",
    ),
    (
        "quota lowered",
        SAME,
        ("  calls: 100\n", "  calls: 50\n"),
        Some(Class::Breaking),
        "document|x-quota||quota calls|100|50",
    ),
    (
        "quota's window shortened",
        SAME,
        ("  seconds: 60\n", "  seconds: 30\n"),
        Some(Class::Additive),
        "document|x-quota||quota seconds|60|30",
    ),
    (
        "final status that may be left",
        SAME,
        ("        Fail: []\n", "        Fail: [Pending]\n"),
        Some(Class::Breaking),
        "document|x-lifecycle|SubtaskStatus|lifecycle|none|Fail to Pending",
    ),
    (
        "text of another form",
        SAME,
        (
            "x-content-schema: '#/components/schemas/SubtaskFailure'",
            "x-content-schema: '#/components/schemas/CommandOutput'",
        ),
        Some(Class::Breaking),
        "document|x-content-schema|Subtask.error|content schema|#/components/schemas/SubtaskFailure|#/components/schemas/CommandOutput",
    ),
    (
        "member of a text inside a reply made nullable",
        (
            "        requestId:\n          type: string\n          nullable: true\n",
            "        requestId:\n          type: string\n",
        ),
        (
            "        requestId:\n          type: string\n",
            "        requestId:\n          type: string\n          nullable: true\n",
        ),
        Some(Class::Breaking),
        "schema CommandOutput||requestId|nullable|no|yes",
    ),
    (
        "comment only",
        SAME,
        ("openapi: 3.0.3\n", "# A comment.\nopenapi: 3.0.3\n"),
        Some(Class::Editorial),
        "document|text||prose|none|none",
    ),
];

fn document() -> String {
    let document = Document::read_in(project(), Path::new(xtask::DOCUMENT)).expect("the document is there");
    document.text().to_owned()
}

fn edited(name: &str, text: &str, (old, new): Edit) -> String {
    assert!(text.contains(old), "{name}: the document has no {old:?} any more");
    text.replacen(old, new, 1)
}

fn changes_of((name, before, after, ..): &Row) -> Vec<Change> {
    let text = edited(name, &document(), *before);
    let [old, new] = [text.clone(), edited(name, &text, *after)]
        .map(|text| Document::parse("edited.yaml", text).expect("the text is still a document"));
    changes(&old, &new).expect("both can be compared")
}

fn line(change: &Change) -> String {
    let Change { operation, place, member, what, before, after, .. } = change;
    let [before, after] = [before, after].map(|value| value.as_deref().unwrap_or("none"));
    [operation, place, member, what, before, after].join("|")
}

/// The edits whose class, or whose change, is not the wanted one.
fn wrong(rows: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        let (name, _, _, class, wanted) = row;
        let changes = changes_of(row);
        let found = changes.iter().map(|change| change.class).max();
        let is_told = wanted.is_empty()
            || changes.iter().any(|change| line(change) == *wanted && Some(change.class) == *class);
        if found != *class || !is_told {
            let lines: String =
                changes.iter().map(|change| format!("\n    {:?} {}", change.class, line(change))).collect();
            wrong.push(format!("{name}: wanted {class:?} {wanted}, found {found:?}{lines}"));
        }
    }
    wrong
}

#[test]
fn every_edit_of_the_yardstick_is_classified() {
    let wrong = wrong(&YARDSTICK);
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), YARDSTICK.len(), wrong.join("\n"));
}

#[test]
fn every_other_kind_of_edit_is_classified() {
    let wrong = wrong(&FURTHER);
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), FURTHER.len(), wrong.join("\n"));
}

#[test]
fn what_comes_or_goes_as_a_whole_is_one_change() {
    for name in
        ["path renamed", "optional parameter removed", "required parameter added", "media type changed"]
    {
        let row = YARDSTICK.iter().find(|row| row.0 == name).expect("the edit is listed");
        assert_eq!(changes_of(row).len(), 1, "{name}: {:#?}", changes_of(row));
    }
}
