// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualCore
internal import PunctualLoop
internal import PunctualStore
internal import PunctualTime

/// The tokens of programs, for whoever runs the server.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and delete the tokens by which programs use the API.",
        discussion: """
            Users make tokens of their own with POST /api/tokens. A token that acts for others is \
            made here only: its bearer names the user of each request by the header \
            X-Punctual-User, as a backend does that has signed its users in itself.

              punctual token create --user backend --name production --act-for-others
            """,
        subcommands: [CreateTokenCommand.self, ListTokensCommand.self, DeleteTokenCommand.self]
    )
}

/// Makes a token and prints it, once.
struct CreateTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token, and print its text, which is kept nowhere else."
    )

    @OptionGroup var owner: TokenOwner

    @Option(help: "What it is for, as lists show it.")
    var name: String

    @Flag(help: "Its bearer may name any user, by X-Punctual-User.")
    var actForOthers = false

    @Option(help: "How long it lives, such as P30D; for ever when it is not given.")
    var expires: String?

    func run() async throws {
        let expiresAt = try expires.map(Self.end)
        try await owner.withTokens { tokens, user in
            let made = try await tokens.make(
                name: name,
                actsForOthers: actForOthers,
                expiresAt: expiresAt,
                user: user
            )
            print(made.text)
        }
    }

    /// The instant so much after now.
    private static func end(_ text: String) throws -> WallInstant {
        let now = WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds())
        guard let life = try? CalendarDuration(text), life.days > 0 || life.seconds > 0 else {
            throw ValidationError(
                "--expires \(text): a duration such as P30D or PT12H, at most ten years"
            )
        }
        return life.added(to: now, in: .utc)
    }
}

/// Prints a user's tokens, a line each.
struct ListTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List a user's tokens: id, when made, when ended, what it may, name."
    )

    @OptionGroup var owner: TokenOwner

    func run() async throws {
        try await owner.withTokens { tokens, user in
            for token in try await tokens.all(of: user) { print(token.line) }
        }
    }
}

/// Takes a token back.
struct DeleteTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Take a token back: from now on it opens nothing."
    )

    @OptionGroup var owner: TokenOwner

    @Argument(help: "Its id, as the list shows it.")
    var id: Int64

    func run() async throws {
        try await owner.withTokens { tokens, user in
            try await tokens.delete(id, user: user)
        }
    }
}

/// Whose tokens a command is about, and where they are kept.
struct TokenOwner: ParsableArguments {
    @Option(help: "Whose token it is: the user's id.")
    var user: String

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard (1...255).contains(user.unicodeScalars.count) else {
            throw ValidationError("--user: an id has 1 to 255 characters")
        }
    }

    /// Lends the tokens of a database whose schema is current.
    func withTokens(_ body: (APITokenService, User) async throws -> Void) async throws {
        let settings = try await options.settings()
        let shards = try ServeConfiguration(settings).shards
        do {
            try await withDatabase(settings.databaseURL(), connections: 1) { pool in
                // It also makes sure of the number of shards, by which a token is found.
                try await SchemaMigrator(pool: pool, shards: shards).validate()
                let store = PostgresUserStore(pool: pool)
                let tokens = APITokenService(store: store, shards: ShardMap(count: shards))
                try await body(tokens, User(id: user))
            }
        } catch let problem as Problem {
            throw CommandError(.refused, problem.detail)
        }
    }
}

extension APIToken {
    /// What a list says of it.
    fileprivate var line: String {
        let end = expiresAt.map { "until \($0)" } ?? "for ever"
        return "\(id)  \(createdAt)  \(end)  \(actsForOthers ? "for others" : "own user")  \(name)"
    }
}
