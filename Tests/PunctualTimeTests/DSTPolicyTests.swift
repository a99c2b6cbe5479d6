// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

struct DSTPolicyTests {
    @Test func `reads and prints every policy`() throws {
        for gap in GapPolicy.allCases {
            for fold in FoldPolicy.allCases {
                let policy = DSTPolicy(gap: gap, fold: fold)
                #expect(try DSTPolicy(policy.description) == policy)
                #expect(try DSTPolicy("\(fold.rawValue),\(gap.rawValue)") == policy)
            }
        }
        #expect(try DSTPolicy("skip") == DSTPolicy(gap: .skip))
        #expect(try DSTPolicy("last") == DSTPolicy(fold: .last))
    }

    @Test(arguments: ["", "never", "skip,", "skip,skip", "first,last", "skip,first,both", ",,,"])
    func `refuses other texts`(text: String) {
        #expect(throws: TimeFormatError.self) { try DSTPolicy(text) }
    }

    private func instants(_ dtstart: String, _ dst: DSTPolicy) throws -> [String] {
        let set = RecurrenceSet(
            dtstart: try CivilDateTime(dtstart),
            zone: try systemZone("Europe/Berlin"),
            rule: try RecurrenceRule("FREQ=MINUTELY;INTERVAL=30;COUNT=5"),
            dst: dst
        )
        let listed = set.occurrences().compactMap { $0.instant }

        // Asking one by one gives the distinct instants in ascending order.
        var asked = [WallInstant]()
        var after = WallInstant(microsecondsSinceEpoch: 0)
        while let next = set.next(after: after)?.instant {
            asked.append(next)
            after = next
        }
        #expect(asked == Array(Set(listed)).sorted())
        return listed.map { String($0.basic.dropFirst(9).prefix(4)) }
    }

    @Test func `treats the gap of a spring night as told`() throws {
        // 01:30, then 02:00 and 02:30 which no clock shows, then 03:00 and 03:30.
        let spring = "20260329T013000"
        #expect(
            try instants(spring, DSTPolicy()) == ["0030", "0100", "0130", "0100", "0130"]
        )
        #expect(try instants(spring, DSTPolicy(gap: .skip)) == ["0030", "0100", "0130"])
        #expect(
            try instants(spring, DSTPolicy(gap: .nextValid))
                == ["0030", "0100", "0100", "0100", "0130"]
        )
    }

    @Test func `treats the fold of an autumn night as told`() throws {
        // 01:30, then 02:00 and 02:30 which every clock shows twice, then 03:00 and 03:30.
        let autumn = "20261025T013000"
        #expect(
            try instants(autumn, DSTPolicy()) == ["2330", "0000", "0030", "0200", "0230"]
        )
        #expect(
            try instants(autumn, DSTPolicy(fold: .last))
                == ["2330", "0100", "0130", "0200", "0230"]
        )
        #expect(
            try instants(autumn, DSTPolicy(fold: .both))
                == ["2330", "0000", "0100", "0030", "0130", "0200", "0230"]
        )
    }
}
