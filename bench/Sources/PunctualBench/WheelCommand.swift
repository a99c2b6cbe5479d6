// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PunctualWheel

/// Asks what a timer costs.
struct WheelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wheel",
        abstract: "Nanoseconds for insert, cancel and fire, and bytes a timer.",
        discussion: """
            Due ticks are random: over --span seconds, all different in order and place, which is \
            the worst case for the processor's caches. Each figure is the median of the rounds. \
            libuv's timers do the same beside it, once, within a second: they have milliseconds.
            """
    )

    @Option(help: "How many timers.")
    var count = 1_000_000

    @Option(help: "Over how many seconds their due ticks are spread.")
    var span = 1_000

    @Option(help: "How many rounds.")
    var rounds = 5

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100_000_000).contains(count), (1...30_000_000_000).contains(span),
            (1...100).contains(rounds)
        else {
            throw ValidationError(
                "--count is 1 to 100000000, --span 1 to 30000000000, --rounds 1 to 100."
            )
        }
    }

    func run() throws {
        let schedule = WheelSchedule(count: count, seconds: span)
        var measured: [WheelRound] = []
        for round in 1...rounds {
            measured.append(try WheelRound(schedule))
            Progress.say("round \(round) of \(rounds)")
        }
        func median(_ figure: (WheelRound) -> Double) -> Double {
            measured.map(figure).sorted()[rounds / 2]
        }
        var report = Report("wheel")
        report.add("count", count)
        report.add("span_s", span)
        report.add("insert_growing_ns", median(\.insertGrowing))
        report.add("insert_ns", median(\.insert))
        report.add("cancel_ns", median(\.cancel))
        report.add("fire_ns", median(\.fire))
        report.add("fire_by_next_expiration_ns", median(\.fireByNextExpiration))
        report.add("bytes_a_timer", measured[0].bytes)
        let libuv = try LibuvTimers.measure(count: count)
        report.add("libuv_insert_ns", libuv.insert)
        report.add("libuv_cancel_ns", libuv.cancel)
        report.add("libuv_fire_ns", libuv.fire)
        report.print(asJSON: output.json)
    }
}

/// Random due ticks over a span of seconds.
struct WheelSchedule {
    let now = Tick(roundingDown: 1_790_000_000_000_000)
    /// The span, in ticks.
    let ticks: UInt64
    let dues: [Tick]

    init(count: Int, seconds: Int) {
        var random = SplitMix64(state: 1)
        let (now, ticks) = (now, UInt64(seconds) * 1_000_000 / UInt64(Tick.microseconds))
        dues = (0..<count).map { _ in
            Tick(rawValue: now.rawValue + 1 + random.next() % ticks)
        }
        self.ticks = ticks
    }
}

/// One round on a new wheel: nanoseconds for each timer.
struct WheelRound {
    var insertGrowing, cancel, insert, fire, fireByNextExpiration, bytes: Double

    init(_ schedule: WheelSchedule) throws {
        let (dues, now, span) = (schedule.dues, schedule.now, schedule.ticks)
        let count = Double(dues.count)
        var ids: [TimerID] = []
        ids.reserveCapacity(dues.count)
        var wheel = TimingWheel<UInt32>(now: now)
        var sum: UInt64 = 0
        let memory = residentBytes()
        var clock = Stopwatch()

        for due in dues { ids.append(try wheel.insert(payload(due), at: due)) }
        insertGrowing = clock.lap() / count
        bytes = Double(residentBytes() - memory) / count - Double(MemoryLayout<TimerID>.stride)
        _ = clock.lap()

        var cancelled = 0
        for id in ids where wheel.cancel(id) { cancelled += 1 }
        cancel = clock.lap() / count

        for (index, due) in dues.enumerated() {
            ids[index] = try wheel.insert(payload(due), at: due)
        }
        insert = clock.lap() / count

        let end = Tick(rawValue: now.rawValue + span + 1)
        wheel.advance(to: end) { sum &+= UInt64($0) }
        fire = clock.lap() / count

        for due in dues {
            _ = try wheel.insert(payload(due), at: Tick(rawValue: due.rawValue + span + 1))
        }
        _ = clock.lap()
        while let tick = wheel.nextExpiration { wheel.advance(to: tick) { sum &+= UInt64($0) } }
        fireByNextExpiration = clock.lap() / count

        let expected = dues.reduce(UInt64(0)) { $0 + UInt64(payload($1)) } * 2
        guard sum == expected, cancelled == dues.count else {
            throw BenchError("a timer was lost or fired twice")
        }
    }
}

/// Four bytes to recognise a timer by; the engine's payload has as many.
private func payload(_ due: Tick) -> UInt32 {
    UInt32(truncatingIfNeeded: due.rawValue)
}

/// Laps of a loop that only computes, on the clock of its thread: others may use the core too.
struct Stopwatch {
    private var last = WallClock.threadNanoseconds

    /// Nanoseconds of this thread since the last lap.
    mutating func lap() -> Double {
        let now = WallClock.threadNanoseconds
        defer { last = now }
        return Double(now - last)
    }
}

/// The bench's own resident memory.
func residentBytes() -> Int {
    // Without /proc the figure is 0, and says so.
    let fields = (try? readFile("/proc/self/statm"))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
}

/// The generator of random ticks: SplitMix64 (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
