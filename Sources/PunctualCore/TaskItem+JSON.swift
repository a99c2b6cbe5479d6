// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

extension TaskItem {
    /// Writes the task as the API answers it and as `task_data` carries it, in one object.
    ///
    /// What has become of each reminder is presumed when no views are given; `extra` writes
    /// further members, such as `next_task`.
    package func write(
        to json: inout JSONWriter,
        reminders views: [ReminderView]? = nil,
        extra: (inout JSONWriter) -> Void = { _ in }
    ) {
        json.object { json in
            json.member("id", id)
            json.member("user_id", userID)
            json.member("title", title)
            json.member("description", description)
            json.member("status", status.rawValue)
            json.member("completed", status == .completed)
            json.member("completed_at", completedAt)
            json.member("priority", priority.rawValue)
            json.name("tags")
            json.array { json in for tag in tags { json.string(tag) } }
            json.member("due_date", due)
            json.member("timezone", dueDate?.timezone)
            json.name("reminders")
            json.array { json in for view in views ?? presumedViews { view.write(to: &json) } }
            writeRecurrence(to: &json)
            misfire.write(to: &json)
            json.member("series_id", seriesID)
            json.member("predecessor_id", predecessorID)
            json.member("occurrence", occurrence)
            json.member("nominal_time", nominal?.description)
            json.member("paused", pausedAt != nil)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
            json.member("version", version)
            extra(&json)
        }
    }

    private func writeRecurrence(to json: inout JSONWriter) {
        json.member("is_recurring", recurrence != nil)
        json.member("rrule", recurrence?.rule.description)
        json.name("recurrence_pattern")
        if let recurrence {
            RecurrencePattern(
                recurrence.rule,
                exdates: recurrence.exdates,
                rdates: recurrence.rdates
            ).write(to: &json)
        } else {
            json.null()
        }
        json.member("dtstart", recurrence?.start.description)
        json.member("anchor", recurrence?.anchor.rawValue)
        json.member("rollover", recurrence?.rollover.rawValue)
        json.member("dst", recurrence?.dst.description)
    }

    /// The reminders as they stand without a look at the tables, for what was just written.
    private var presumedViews: [ReminderView] {
        reminders.filter { $0.kind == .reminder }.map { reminder in
            let state: ReminderView.State =
                switch reminder.state {
                case .skipped: .skipped
                case .withdrawn: .withdrawn
                case .armed: .scheduled
                }
            return ReminderView(reminder: reminder, state: state)
        }
    }
}

extension ReminderView {
    /// Writes the reminder as the API answers it.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", reminder.id)
            switch reminder.time {
            case .offset(let offset): json.member("offset", offset.description)
            default: json.member("offset", nil as String?)
            }
            json.member("at", reminder.due)
            json.member("state", state.rawValue)
            if case .snooze(let original, _) = reminder.time {
                json.member("snooze_of", original)
            } else {
                json.member("snooze_of", nil as Int64?)
            }
        }
    }
}

extension MisfirePolicy {
    /// Writes the member `misfire`: the action, with the grace when it is not the standard one.
    fileprivate func write(to json: inout JSONWriter) {
        json.name("misfire")
        guard graceMilliseconds != Self.standard.graceMilliseconds else {
            return json.string(action.rawValue)
        }
        json.object { json in
            json.member("policy", action.rawValue)
            // A grace is a whole number of seconds, as every duration that a request can give.
            let grace = try? CalendarDuration(seconds: Int(graceMilliseconds) / 1_000)
            json.member("grace", grace?.description)
        }
    }
}

extension RecurrencePattern {
    /// Writes the pattern as the `recurrence_pattern` object.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("frequency", frequency.rawValue)
            json.member("interval", Int64(interval ?? 1))
            json.list("days_of_week", daysOfWeek)
            json.optional("day_of_month", dayOfMonth)
            json.optional("month", month)
            json.optional("end_date", endDate?.description)
            json.optional("occurrences", occurrences)
            json.strings("by_day", byDay?.map(\.description))
            json.list("by_month_day", byMonthDay)
            json.list("by_month", byMonth)
            json.list("by_year_day", byYearDay)
            json.list("by_week_no", byWeekNumber)
            json.list("by_hour", byHour)
            json.list("by_minute", byMinute)
            json.list("by_second", bySecond)
            json.list("by_set_pos", bySetPosition)
            json.optional("week_start", weekStart?.name)
            json.optional("skip", skip?.rawValue)
            json.strings("exdates", exdates?.map(\.description))
            json.strings("rdates", rdates?.map(\.description))
        }
    }
}

extension JSONWriter {
    fileprivate mutating func list(_ name: String, _ values: [Int]?) {
        guard let values, !values.isEmpty else { return }
        self.name(name)
        array { json in for value in values { json.integer(value) } }
    }

    fileprivate mutating func strings(_ name: String, _ values: [String]?) {
        guard let values, !values.isEmpty else { return }
        self.name(name)
        array { json in for value in values { json.string(value) } }
    }

    fileprivate mutating func optional(_ name: String, _ value: Int?) {
        guard let value else { return }
        member(name, Int64(value))
    }

    fileprivate mutating func optional(_ name: String, _ value: String?) {
        guard let value else { return }
        member(name, value)
    }
}
