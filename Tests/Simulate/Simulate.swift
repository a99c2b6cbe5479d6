// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PunctualSimulation

/// Runs many seeds of the simulation, and stops at the first that breaks a promise.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the simulation of engines, seed after seed, until one breaks a promise.",
        discussion: "Exits with 1 and the smallest scenario that fails when one does."
    )

    @Option(help: "The first seed.")
    var first: UInt64 = 1

    @Option(help: "How many seeds.")
    var count: UInt64 = 10_000

    @Option(help: "How many run at once.")
    var jobs: Int = 2

    @Flag(help: "Print nothing but the result.")
    var quiet = false

    @Flag(inversion: .prefixedNo, help: "Look for the smallest scenario that fails.")
    var shrink = true

    @Flag(help: "Print every turn of the engines in the smallest scenario that fails.")
    var trace = false

    func validate() throws {
        guard count > 0, jobs > 0, first.addingReportingOverflow(count).overflow == false else {
            throw ValidationError("--count and --jobs must be above 0, and seeds below 2^64.")
        }
    }

    func run() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var (done, digest, reported) = (0, 0 as UInt64, start)
        var next = first
        let failure = await withTaskGroup(of: SimulationRun.self) { group -> String? in
            func add() {
                guard next < first + count else { return }
                let seed = next
                group.addTask { [shrink, trace] in
                    await Self.run(seed, isShrunk: shrink, isTraced: trace)
                }
                next += 1
            }
            for _ in 0..<jobs { add() }
            while let run = await group.next() {
                if let failure = run.failure {
                    group.cancelAll()
                    return failure
                }
                done += 1
                digest ^= run.digest
                if !quiet, reported.duration(to: clock.now) > .seconds(5) {
                    reported = clock.now
                    print(progress(done, start.duration(to: clock.now)))
                }
                add()
            }
            return nil
        }
        let elapsed = start.duration(to: clock.now)
        if let failure {
            print(failure)
            print("after \(progress(done, elapsed))")
            throw ExitCode.failure
        }
        print("\(progress(done, elapsed)), none broke a promise; digest \(digest)")
    }

    @concurrent private static func run(
        _ seed: UInt64,
        isShrunk: Bool,
        isTraced: Bool
    ) async -> SimulationRun {
        SimulationRun(seed: seed, isShrunk: isShrunk, trace: isTraced ? { print($0) } : nil)
    }

    private func progress(_ done: Int, _ elapsed: Duration) -> String {
        let rate = Double(done) / max(0.001, elapsed / .seconds(1))
        return "\(done) seeds in \(Int(elapsed / .seconds(1))) s, \(Int(rate)) a second"
    }
}
