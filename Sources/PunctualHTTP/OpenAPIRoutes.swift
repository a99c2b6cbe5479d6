// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds the description of every route, for programs and for people.
    mutating func addDescription() {
        let description = Array(APIDescription.whole.text.utf8)
        open(.get, "/openapi.json") { _ in
            Response(status: .ok, type: .json, body: description)
        }
    }
}

/// What `/openapi.json` says (OpenAPI 3.1).
///
/// It is written by hand, in a file or two for each part of the API; a test compares it with
/// the table of routes.
enum APIDescription {
    /// All of it.
    static let whole: JSONValue = {
        guard case .object(var members) = read(PackageResources.description_json) else {
            return .null
        }
        members = members.map { member in
            guard member.name == "components" else { return member }
            let named = JSONMember(name: "schemas", value: joined(schemas))
            return JSONMember(name: "components", value: .object(member.value.parts + [named]))
        }
        return .object(members + [JSONMember(name: "paths", value: joined(paths))])
    }()

    private static let paths = [
        PackageResources.paths_tasks_json, PackageResources.paths_task_json,
        PackageResources.paths_reminders_json, PackageResources.paths_calendar_json,
        PackageResources.paths_users_json, PackageResources.paths_notifications_json,
        PackageResources.paths_agents_json, PackageResources.paths_operations_json,
        PackageResources.paths_sidecar_json,
    ]
    private static let schemas = [
        PackageResources.schemas_tasks_json, PackageResources.schemas_patch_json,
        PackageResources.schemas_recurrence_json, PackageResources.schemas_reminders_json,
        PackageResources.schemas_calendar_json, PackageResources.schemas_users_json,
        PackageResources.schemas_notifications_json, PackageResources.schemas_agents_json,
        PackageResources.schemas_operations_json, PackageResources.schemas_sidecar_json,
    ]

    private static func joined(_ files: [[UInt8]]) -> JSONValue {
        .object(files.flatMap { read($0).parts })
    }

    /// A file; one that is no JSON describes nothing, which a test would find.
    private static func read(_ file: [UInt8]) -> JSONValue {
        (try? JSONReader.read(file)) ?? .null
    }
}

extension JSONValue {
    fileprivate var parts: [JSONMember] { if case .object(let parts) = self { parts } else { [] } }
}
