// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// A tool that a chat agent can call, as `tools/list` describes it.
enum MCPTool: String, CaseIterable {
    case addTask = "add_task"
    case listTasks = "list_tasks"
    case updateTask = "update_task"
    case completeTask = "complete_task"
    case deleteTask = "delete_task"
    case setReminder = "set_reminder"
    case previewRecurrence = "preview_recurrence"

    /// Writes the description of the tool.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", rawValue)
            writer.member("title", title)
            writer.member("description", summary)
            writer.name("inputSchema")
            writer.raw(inputSchema)
            writer.name("annotations")
            writer.object { writer in
                writer.member("readOnlyHint", self == .listTasks || self == .previewRecurrence)
                writer.member("destructiveHint", self == .deleteTask)
                writer.member("idempotentHint", isIdempotent)
                writer.member("openWorldHint", false)
            }
        }
    }

    /// Whether a repeated call changes no more than the first.
    private var isIdempotent: Bool { self != .addTask && self != .setReminder }

    private var title: String {
        switch self {
        case .addTask: "Add a task"
        case .listTasks: "List tasks"
        case .updateTask: "Change a task"
        case .completeTask: "Complete a task"
        case .deleteTask: "Delete a task"
        case .setReminder: "Set a reminder"
        case .previewRecurrence: "Preview a recurrence"
        }
    }

    private var summary: String {
        switch self {
        case .addTask:
            "Adds a task. With a due date and no reminders it gets two: a day and an hour before."
        case .listTasks:
            "Lists the user's tasks that match all filters given; next_cursor leads to the next page."
        case .updateTask:
            "Changes the fields that are given, and leaves all others as they are; null clears one."
        case .completeTask:
            "Marks a task as done. One that repeats answers its next occurrence as next_task."
        case .deleteTask: "Deletes a task with all that waits for it. It cannot be undone."
        case .setReminder:
            "Adds a reminder to a task: an offset from its due date, or an instant. Give one of them."
        case .previewRecurrence:
            "Shows the next dates of a rule, local and UTC, without storing anything."
        }
    }
}
