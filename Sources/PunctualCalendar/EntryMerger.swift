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
        let masters = masters()
        var exceptions: [Int: [CalendarTime]] = [:]
        for index in entries.indices {
            guard let entry = entries[index], let occurrence = entry.task.recurrenceID else {
                continue
            }
            guard let master = entry.task.uid.flatMap({ masters[$0] }) else {
                noteOrphan(entry)
                continue
            }
            if entries[master]?.series != nil {
                exceptions[master, default: []].append(occurrence)
            } else if entries[master]?.task.due == occurrence {
                // What never recurred has one occurrence, and this replaces it.
                merge(master)
            } else {
                noteOrphan(entry)
            }
            if entry.isCancelled { merge(index) }
        }
        for (master, occurrences) in exceptions { addExceptions(occurrences, to: master) }
    }

    /// The first entry of each UID that is not an occurrence, one that recurs before any other.
    private func masters() -> [String: Int] {
        var masters: [String: Int] = [:]
        for index in entries.indices {
            guard let entry = entries[index], let uid = entry.task.uid,
                entry.task.recurrenceID == nil
            else { continue }
            let isBetter =
                masters[uid].flatMap { entries[$0] }?.series == nil && entry.series != nil
            if masters[uid] == nil || isBetter { masters[uid] = index }
        }
        return masters
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

    private mutating func merge(_ index: Int) {
        guard entries[index] != nil else { return }
        entries[index] = nil
        mergedCount += 1
    }

    private mutating func refuse(_ index: Int, _ message: String) {
        guard let entry = entries[index] else { return }
        notices.add(entry.task.line, entry.label, entry.kind, message)
        entries[index] = nil
    }
}
