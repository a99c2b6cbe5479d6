// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import Synchronization
internal import Testing

/// An actor on a loop, re-entered by a timer of that loop.
private actor Resident: LoopActor {
    nonisolated let loop: LoopExecutor
    private(set) var calls = 0
    private var timer: LoopTimer?

    init(loop: LoopExecutor) { self.loop = loop }

    func add() -> Bool {
        calls += 1
        return loop.isOnLoop
    }

    func startTimer(reporting recorder: Recorder<Int>) {
        let timer = LoopTimer(loop: loop) { [self] in
            assumeIsolated { resident in
                resident.calls += 1
                recorder.record(resident.calls)
            }
        }
        self.timer = timer
        timer.start(after: .milliseconds(1))
    }

    func call(_ other: Resident) async -> Bool {
        let before = loop.completedTurns
        for _ in 0..<100 { _ = await other.add() }
        return loop.completedTurns == before
    }
}

/// A job that enqueues the next until a timer has fired: without a bound on the jobs of a turn,
/// the loop would never look at its timers.
private final class EndlessChain: Sendable {
    let loop: LoopExecutor
    let hasFired = Atomic<Bool>(false)
    let recorder = Recorder<Bool>()

    init(loop: LoopExecutor) { self.loop = loop }

    func addLink() {
        if hasFired.load(ordering: .relaxed) { return recorder.record(true) }
        Task(executorPreference: loop) { self.addLink() }
    }
}

@Suite struct LoopExecutorTests {
    @Test func `runs its actors on its own thread`() async throws {
        try await withLoop { loop in
            #expect(!loop.isOnLoop)
            #expect(await Resident(loop: loop).add())
        }
    }

    @Test func `lets a callback re-enter its actor without a hop`() async throws {
        try await withLoop { loop in
            let resident = Resident(loop: loop)
            let recorder = Recorder<Int>()
            await resident.startTimer(reporting: recorder)
            #expect(await recorder.next(1) == [1])
            #expect(await resident.calls == 1)
        }
    }

    @Test func `lets two actors on one loop call each other within a turn`() async throws {
        try await withLoop { loop in
            #expect(await Resident(loop: loop).call(Resident(loop: loop)))
        }
    }

    @Test func `loses nothing that many threads enqueue`() async throws {
        try await withLoop { loop in
            let resident = Resident(loop: loop)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        for _ in 0..<1_000 { _ = await resident.add() }
                    }
                }
            }
            #expect(await resident.calls == 16_000)
        }
    }

    @Test func `keeps the order of one thread`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            for number in 0..<10_000 { loop.perform { recorder.record(number) } }
            #expect(await recorder.next(10_000) == Array(0..<10_000))
        }
    }

    @Test func `does not let jobs starve a timer`() async throws {
        try await withLoop { loop in
            let chain = EndlessChain(loop: loop)
            let timer = LoopTimer(loop: loop) { chain.hasFired.store(true, ordering: .relaxed) }
            timer.start(after: .milliseconds(5))
            loop.perform { chain.addLink() }
            #expect(await chain.recorder.next(1).count == 1)
        }
    }

    @Test func `counts turns, and measures the longest`() async throws {
        try await withLoop { loop in
            await loop.turn()
            let before = loop.completedTurns
            _ = loop.takeLongestTurnNanoseconds()
            loop.perform {
                let end = Clocks.monotonicNanoseconds() + 5_000_000
                while Clocks.monotonicNanoseconds() < end {}
            }
            // Jobs that arrive soon enough run in the same turn; the count grows at its end.
            while loop.completedTurns == before { await loop.turn() }
            #expect(loop.takeLongestTurnNanoseconds() >= 5_000_000)
            #expect(Clocks.monotonicNanoseconds() >= loop.lastTurnNanoseconds)
        }
    }

    @Test func `runs a blocking call elsewhere and its continuation on the loop`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<[Bool]>()
            try loop.runBlocking {
                loop.isOnLoop
            } then: {
                recorder.record([$0, loop.isOnLoop])
            }
            #expect(await recorder.next(1) == [[false, true]])
        }
    }

    @Test func `shuts down with live handles, and more than once`() async throws {
        let loop = try LoopExecutor(name: "test")
        let timer = LoopTimer(loop: loop) {}
        timer.start(after: .seconds(3600), every: .seconds(1))
        let wall = try WallTimer(loop: loop) { _ in }
        wall.arm(microsecondsSinceEpoch: .max)
        await loop.turn()
        async let first: Void = loop.shutdown()
        async let second: Void = loop.shutdown()
        _ = await (first, second)
        await loop.shutdown()
        timer.start(after: .zero)
        timer.close()
        wall.close()
    }

    @Test func `runs late jobs after its end instead of forgetting them`() async throws {
        let loop = try LoopExecutor(name: "test")
        let resident = Resident(loop: loop)
        await loop.shutdown()
        #expect(await resident.add())
        #expect(await resident.calls == 1)
        #expect(!loop.isOnLoop)
    }

    @Test func `ends while jobs keep arriving`() async throws {
        for _ in 0..<100 {
            let loop = try LoopExecutor(name: "test")
            let recorder = Recorder<Bool>()
            // More jobs than one turn runs, so that the turn which closes leaves some behind.
            let yielding = Task(executorPreference: loop) {
                recorder.record(true)
                for _ in 0..<(20 * LoopExecutor.jobsPerTurn) { await Task.yield() }
            }
            let performing = Task {
                for value in 0..<LoopExecutor.jobsPerTurn {
                    loop.perform { recorder.record(value.isMultiple(of: 2)) }
                    await Task.yield()
                }
            }
            _ = await recorder.next(1)
            await loop.shutdown()
            await yielding.value
            await performing.value
        }
    }

    @Test func `can be shut down by an actor that lives on it`() async throws {
        actor Owner: LoopActor {
            nonisolated let loop: LoopExecutor
            init(loop: LoopExecutor) { self.loop = loop }
            func end() async -> Int {
                await loop.shutdown()
                return 1
            }
        }
        #expect(await Owner(loop: try LoopExecutor(name: "test")).end() == 1)
    }
}
