// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualDelivery

/// What makes keys.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make keys for settings.",
        subcommands: [VAPIDCommand.self]
    )
}

/// Makes a key for Web Push.
struct VAPIDCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vapid",
        abstract: "Make a key by which push services know this server (RFC 8292).",
        discussion: """
            Keep it: browsers that subscribed with one key are not reached with another. The \
            public key is what GET /api/push/key answers.
            """
    )

    func run() throws {
        let key = VAPIDKey()
        print("PUNCTUAL_VAPID_KEY=\(key.text)")
        print("# public: \(key.publicText)")
    }
}
