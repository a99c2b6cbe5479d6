// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualCore
internal import PunctualLoop
internal import PunctualStore
internal import PunctualTime

/// Shows what is on its way, and sends the past again.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Show what is staged or not acknowledged; replay what was sent.",
        discussion: """
            Without a subcommand: how many events are in the outbox, since when the oldest is due, \
            and which shards hold them. A depth that grows, or an oldest that ages, means that no \
            engine owns the shard (punctual shards) or that the transport takes nothing (/metrics).

              punctual outbox
              punctual outbox replay --from 2026-11-20T08:00:00Z --to 2026-11-20T09:00:00Z --dry-run
            """,
        subcommands: [ReplayCommand.self]
    )

    @Flag(help: "Write one JSON object.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let url = try await options.settings().databaseURL()
        let shards = try await withDatabase(url, connections: 1) {
            try await PostgresOperations(pool: $0).shards()
        }
        let busy = shards.filter { $0.staged > 0 }
        let depth = busy.map(\.staged).reduce(0, +)
        let oldest = busy.compactMap(\.oldestOverdue).min()
        guard json else {
            print(Self.text(busy, depth: depth, oldest: oldest))
            return
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("depth", depth)
            writer.member("oldest_overdue", oldest)
            writer.name("shards")
            writer.array { writer in for shard in busy { shard.write(to: &writer) } }
        }
        print(writer.text)
    }

    private static func text(
        _ busy: [ShardOverview],
        depth: Int64,
        oldest: WallInstant?
    ) -> String {
        guard !busy.isEmpty else { return "The outbox is empty." }
        let now = WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds())
        var table = TextTable(["shard", "owner", "events", "overdue"])
        for shard in busy {
            table.add([
                "\(shard.shard)", shard.owner.map { "\($0)" } ?? "none", "\(shard.staged)",
                shard.oldestOverdue.map { $0.span(to: now) } ?? "–",
            ])
        }
        let age = oldest.map { ", the oldest overdue by \($0.span(to: now))" } ?? ""
        return "\(depth) events in the outbox\(age)\n\n\(table.text)"
    }
}
