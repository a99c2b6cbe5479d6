// SPDX-License-Identifier: Apache-2.0

/// What a local time that no clock shows means: one inside the gap when clocks spring forward.
public enum GapPolicy: String, Hashable, Sendable, CaseIterable {
    /// Read with the UTC offset in force before the gap (RFC 5545 §3.3.5): 02:30 becomes 03:30.
    case offsetBefore = "offset_before"
    /// The occurrence does not happen.
    case skip
    /// The first instant after the gap.
    case nextValid = "next_valid"
}

/// What a local time that a clock shows twice means: one inside the fold when clocks fall back.
public enum FoldPolicy: String, Hashable, Sendable, CaseIterable {
    /// The first of the two instants (RFC 5545 §3.3.5).
    case first
    /// The second of the two instants.
    case last
    /// Both instants, each an occurrence of its own.
    case both
}

/// How a series treats local times that do not exist or exist twice.
///
/// Its text is the two policies' names with a comma between, `offset_before,first`; either may be
/// left out and then has its default.
public struct DSTPolicy: Hashable, Sendable, CustomStringConvertible {
    /// What a time inside a gap means.
    public var gap: GapPolicy
    /// What a time inside a fold means.
    public var fold: FoldPolicy

    /// A policy; the defaults are those of RFC 5545 §3.3.5.
    public init(gap: GapPolicy = .offsetBefore, fold: FoldPolicy = .first) {
        self.gap = gap
        self.fold = fold
    }

    /// Reads `skip`, `last` or `next_valid,both`.
    ///
    /// - Throws: `TimeFormatError` if a word is not a policy or one kind is given twice.
    public init(_ text: some StringProtocol) throws(TimeFormatError) {
        var gap: GapPolicy?
        var fold: FoldPolicy?
        for word in text.prefix(64).split(separator: ",", omittingEmptySubsequences: false) {
            if gap == nil, let policy = GapPolicy(rawValue: String(word)) {
                gap = policy
            } else if fold == nil, let policy = FoldPolicy(rawValue: String(word)) {
                fold = policy
            } else {
                throw .malformed(
                    "a DST policy is one of offset_before, skip, next_valid, and after a comma "
                        + "one of first, last, both"
                )
            }
        }
        self.init(gap: gap ?? .offsetBefore, fold: fold ?? .first)
    }

    /// The text that reads back as this policy.
    public var description: String { "\(gap.rawValue),\(fold.rawValue)" }
}
