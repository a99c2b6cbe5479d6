// SPDX-License-Identifier: Apache-2.0

extension MCPTool {
    /// The JSON Schema of the arguments.
    var inputSchema: String {
        switch self {
        case .addTask: Self.object(Self.taskFields, required: ["title"])
        case .listTasks: Self.object(Self.filters)
        case .updateTask:
            Self.object(Self.id + "," + Self.status + "," + Self.taskFields, required: ["id"])
        case .completeTask, .deleteTask: Self.object(Self.id, required: ["id"])
        case .setReminder: Self.object(Self.id + "," + Self.reminderTimes, required: ["id"])
        case .previewRecurrence: Self.object(Self.previewFields)
        }
    }

    private static func object(_ properties: String, required: [String] = []) -> String {
        let names = required.map { "\"\($0)\"" }.joined(separator: ",")
        return
            "{\"type\":\"object\",\"properties\":{\(properties)},\"required\":[\(names)],\"additionalProperties\":false}"
    }

    private static let id = """
        "id": {"type": "integer", "description": "The task's id."}
        """

    private static let status = """
        "status": {"type": "string", "enum": ["active", "completed"]}
        """

    private static let reminderTimes = """
        "offset": {"type": "string", "description": "From the due date: -PT1H is an hour before, \
        -P1D a day."},
        "at": {"type": "string", "description": "An instant, such as 2026-11-20T08:00:00Z."}
        """

    private static let recurrence = """
        "rrule": {"type": ["string", "null"], "description": "RFC 5545, such as \
        FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 for the last working day of each month."},
        "recurrence_pattern": {"type": ["object", "string", "null"], "description": "The same as \
        an object, such as {\\"frequency\\": \\"weekly\\", \\"interval\\": 2}; or daily, weekly, \
        monthly, yearly."},
        "dtstart": {"type": ["string", "null"], "description": "Where the series starts; the due \
        date when absent."},
        "rdates": {"type": ["array", "null"], "items": {"type": "string"}, "description": "More \
        local times."},
        "exdates": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Local \
        times that are left out."},
        "timezone": {"type": ["string", "null"], "description": "An IANA zone such as \
        Europe/Lisbon."},
        "dst": {"type": "string", "description": "What clock changes do: offset_before, skip or \
        next_valid in a gap; first, last or both in a fold; such as skip,last."}
        """

    private static let taskFields = """
        "title": {"type": "string", "maxLength": 500},
        "description": {"type": ["string", "null"], "maxLength": 10000},
        "priority": {"type": "string", "enum": ["low", "medium", "high", "urgent"]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 100}, "maxItems": 50},
        "due_date": {"type": ["string", "null"], "description": "An instant such as \
        2026-11-20T09:00:00Z, or a local time such as 2026-11-20T09:00:00 beside a timezone."},
        "reminders": {"type": ["array", "null"], "maxItems": 20, "items": {"type": "object", \
        "properties": {\(reminderTimes)}}},
        "anchor": {"type": "string", "enum": ["due", "completion"], "description": "What the next \
        occurrence is counted from."},
        "rollover": {"type": "string", "enum": ["on_completion", "on_schedule"], "description": \
        "What makes the next occurrence appear."},
        \(recurrence)
        """

    private static let filters = """
        "q": {"type": "string", "description": "Words that the title or the description has."},
        \(status),
        "priority": {"type": "array", "items": {"type": "string", "enum": ["low", "medium", \
        "high", "urgent"]}},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "Tasks that have all \
        of these."},
        "due_before": {"type": "string", "description": "An instant."},
        "due_after": {"type": "string", "description": "An instant."},
        "overdue": {"type": "boolean"},
        "paused": {"type": "boolean"},
        "sort": {"type": "string", "enum": ["due_date", "priority", "created_at"]},
        "order": {"type": "string", "enum": ["asc", "desc"]},
        "limit": {"type": "integer", "minimum": 1, "maximum": 500},
        "cursor": {"type": "string", "description": "next_cursor of the page before."}
        """

    private static let previewFields = """
        \(recurrence),
        "count": {"type": "integer", "minimum": 1, "maximum": 100}
        """
}
