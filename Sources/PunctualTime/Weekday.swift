// SPDX-License-Identifier: Apache-2.0

/// A day of the week, numbered from 0 = Sunday to 6 = Saturday.
public enum Weekday: Int, CaseIterable, Hashable, Sendable {
    // One name a line would say no more.
    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    case sunday, monday, tuesday, wednesday, thursday, friday, saturday

    private static let names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]

    /// The two letters iCalendar uses, `SU` to `SA`.
    public var name: String { Self.names[rawValue] }

    /// The weekday that iCalendar calls `name`, in either case; nil if there is none.
    public init?(name: some StringProtocol) {
        guard let index = Self.names.firstIndex(of: name.uppercased()) else { return nil }
        self.init(rawValue: index)
    }
}
