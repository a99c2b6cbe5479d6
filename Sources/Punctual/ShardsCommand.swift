// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualCore
internal import PunctualLoop
internal import PunctualStore
internal import PunctualTime

/// Shows who owns what.
struct ShardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shards",
        abstract: "Show the owner of each shard, its lease, and what waits in it.",
        discussion: """
            owner    the number of the engine, and where its session comes from
            epoch    raised by every change of owner
            lease    how long it is still good; engines renew it every second
            waiting  reminders and rollovers of the future
            outbox   events that are staged or not acknowledged
            overdue  for how long the oldest of both has been due

            A shard without an owner is taken by any engine that runs, within a second. With \
            --json each shard is one object, with absolute times.

              punctual shards --json | jq '.shards[] | select(.owner == null)'
            """
    )

    @Flag(help: "Write one JSON object.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let url = try await options.settings().databaseURL()
        let shards = try await withDatabase(url, connections: 1) {
            try await PostgresOperations(pool: $0).shards()
        }
        print(json ? Self.json(shards) : Self.table(shards))
    }

    private static func table(_ shards: [ShardOverview]) -> String {
        let now = WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds())
        var table = TextTable(
            ["shard", "owner", "epoch", "lease", "waiting", "outbox", "overdue"]
        )
        for shard in shards {
            let host = shard.host.map { " (\($0))" } ?? ""
            table.add([
                "\(shard.shard)",
                shard.owner.map { "\($0)\(host)" } ?? "none",
                "\(shard.epoch)",
                shard.expires.map { $0 > now ? now.span(to: $0) : "expired" } ?? "none",
                "\(shard.waiting)",
                "\(shard.staged)",
                shard.oldestOverdue.map { $0.span(to: now) } ?? "–",
            ])
        }
        let owners = Set(shards.compactMap(\.owner)).count
        let owned = shards.count { $0.owner != nil }
        return table.text + "\n\n\(owned) of \(shards.count) shards owned, by \(owners) engines"
    }

    private static func json(_ shards: [ShardOverview]) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("shards")
            writer.array { writer in for shard in shards { shard.write(to: &writer) } }
        }
        return writer.text
    }
}

extension ShardOverview {
    /// Writes it as one object.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("shard", Int64(shard))
            writer.member("owner", owner.map(Int64.init))
            writer.member("host", host)
            writer.member("epoch", epoch)
            writer.member("lease_expires", expires)
            writer.member("waiting", waiting)
            writer.member("outbox", staged)
            writer.member("oldest_overdue", oldestOverdue)
        }
    }
}

extension WallInstant {
    /// How long it is from here to a later instant, in seconds with one decimal.
    func span(to later: WallInstant) -> String {
        let tenths = max(later.microsecondsSinceEpoch - microsecondsSinceEpoch, 0) / 100_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
