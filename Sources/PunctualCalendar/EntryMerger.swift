// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// Brings entries with one UID together: revisions, series and their changed occurrences.
struct EntryMerger {
    private var entries: [CalendarEntry?]
    private(set) var notices: NoticeLog
    /// How many entries became part of another task.
    private(set) var mergedCount = 0

    init(entries: [CalendarEntry], notices: consuming NoticeLog) {
        self.entries = entries
        self.notices = notices
    }

    /// The tasks that remain, in the order of the file.
    mutating func merged() -> [ImportedTask] {
        dropSuperseded()
        mergeOverrides()
        dropCancelled()
        return entries.compactMap { $0?.task }
    }

    /// Which occurrence of which entry it is; two with one identity are revisions of each other.
    private struct Identity: Hashable {
        let kind: String
        let uid: String
        let recurrenceID: CalendarTime?
        let due: CalendarTime?
    }

    /// Keeps the highest SEQUENCE of each entry, and of equals the last in the file.
    ///
    /// Entries that share a UID but not a time are different ones: some producers count UIDs anew
    /// in every year.
    private mutating func dropSuperseded() {
        var latest: [Identity: Int] = [:]
        for index in entries.indices {
            guard let entry = entries[index], let uid = entry.task.uid else { continue }
            let occurrence = entry.task.recurrenceID
            let identity = Identity(
                kind: entry.kind,
                uid: uid,
                recurrenceID: occurrence,
                due: occurrence == nil ? entry.task.due : nil
            )
            guard let rival = latest[identity], let other = entries[rival] else {
                latest[identity] = index
                continue
            }
            let (loser, winner) =
                other.sequence > entry.sequence ? (index, rival) : (rival, index)
            latest[identity] = winner
            refuse(
                loser,
                "Another revision of the same entry is in the file; this one is left out."
            )
        }
    }

    /// Makes each changed occurrence an exception of its series.
    private mutating func mergeOverrides() {
        var series: [String: [Int]] = [:]
        for index in entries.indices {
            guard let task = entries[index]?.task, let uid = task.uid else { continue }
            if task.recurrence != nil { series[uid, default: []].append(index) }
        }
        var exceptions: [Int: [CalendarTime]] = [:]
        for index in entries.indices {
            guard let entry = entries[index], let occurrence = entry.task.recurrenceID else {
                continue
            }
            guard let master = entry.task.uid.flatMap({ series[$0]?.first }) else {
                noteOrphan(entry)
                continue
            }
            exceptions[master, default: []].append(occurrence)
            if entry.isCancelled {
                entries[index] = nil
                mergedCount += 1
            }
        }
        for (master, occurrences) in exceptions { addExceptions(occurrences, to: master) }
    }

    private mutating func addExceptions(_ occurrences: [CalendarTime], to master: Int) {
        guard let series = entries[master]?.series else { return }
        var known = Set(series.recurrence.exceptions)
        for occurrence in occurrences {
            let exception = series.occurrence(named: occurrence).time
            if known.insert(exception).inserted {
                entries[master]?.task.recurrence?.exceptions.append(exception)
            }
        }
    }

    private mutating func noteOrphan(_ entry: CalendarEntry) {
        guard !entry.isCancelled else { return }
        notices.add(
            entry.task.line,
            entry.label,
            "RECURRENCE-ID",
            "Its series is not in the file, or does not recur; imported as a task of its own."
        )
    }

    private mutating func dropCancelled() {
        for index in entries.indices where entries[index]?.isCancelled == true {
            refuse(index, "It is cancelled; not imported.")
        }
    }

    private mutating func refuse(_ index: Int, _ message: String) {
        guard let entry = entries[index] else { return }
        notices.add(entry.task.line, entry.label, entry.kind, message)
        entries[index] = nil
    }
}
