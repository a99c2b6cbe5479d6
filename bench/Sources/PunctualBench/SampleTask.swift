// SPDX-License-Identifier: Apache-2.0

import PunctualTime

/// A task with a title, often a description, tags, a priority and a due date, all made from its
/// index, so that every run asks for the same.
struct SampleTask {
    /// A word that one task of ten thousand has; no other word has its first two letters in it.
    static let rareWord = "qjotter"
    /// A tag that one task of a thousand has.
    static let rareTag = "rare"
    private static let tags = [
        "home", "work", "money", "health", "garden", "travel", "books", "car",
    ]
    private static let vocabulary = makeVocabulary()

    /// The task as a body of `POST`.
    let json: String

    /// Makes the task with an index below `count`; `now` is in microseconds since the Unix epoch.
    init(index: Int, of count: Int, now: Int64) {
        var random = Random(state: UInt64(index))
        var title = (0..<3 + random.next(4)).map { _ in Self.word(random.next(600)) }
        if index % max(1, count / 10) == 0 { title.append(Self.rareWord) }
        let description = (0..<random.next(2) * (8 + random.next(24))).map { _ in
            Self.word(random.next(600))
        }
        var tags = Set((0..<random.next(4)).map { _ in Self.tag(random.next(8)) }).sorted()
        if index % max(1, count / 100) == 0 { tags.append(Self.rareTag) }
        let priority = ["low", "medium", "medium", "high", "urgent"][random.next(5)]
        // From a year ago to a year from now, in minutes.
        let minutes = Int64(random.next(2 * 525_600)) - 525_600
        let due = WallInstant(microsecondsSinceEpoch: now + minutes * 60_000_000).rfc3339
        let isCompleted = random.next(3) == 0
        json = """
            {"title":"\(title.joined(separator: " "))",\
            "description":"\(description.joined(separator: " "))",\
            "tags":[\(tags.map { "\"\($0)\"" }.joined(separator: ","))],\
            "priority":"\(priority)","due_date":"\(due)","completed":\(isCompleted),"reminders":[]}
            """
    }

    /// One of the eight tags that many tasks have.
    static func tag(_ index: Int) -> String { tags[index % tags.count] }

    /// One of the six hundred words of titles and descriptions.
    static func word(_ index: Int) -> String { vocabulary[index % vocabulary.count] }

    /// Words of two to four syllables, none of which has a q.
    private static func makeVocabulary() -> [String] {
        var random = Random(state: 0)
        let consonants = Array("bcdfghklmnprstvwz")
        let vowels = Array("aeiou")
        return (0..<600).map { _ in
            (0..<2 + random.next(3)).map { _ in
                "\(consonants[random.next(consonants.count)])\(vowels[random.next(vowels.count)])"
            }.joined()
        }
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    private struct Random {
        var state: UInt64

        /// A number from 0 to below `bound`.
        mutating func next(_ bound: Int) -> Int {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }
}
