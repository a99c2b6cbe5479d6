// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds what whoever operates the process asks it.
    mutating func addHealth(_ services: HTTPServices) {
        open(.get, "/healthz") { _ in Response(json: { $0.object { $0.member("status", "ok") } }) }
        open(.get, "/readyz") { _ in
            let report = await services.readiness()
            return Response(
                status: report.isReady ? .ok : .serviceUnavailable,
                json: { report.write(to: &$0) }
            )
        }
        open(.get, "/metrics") { _ in
            await services.sample()
            return Response(
                status: .ok,
                type: .metrics,
                body: Array(services.metrics.exposition.utf8)
            )
        }
    }
}

extension ReadinessReport {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("status", isReady ? "ready" : "unready")
            writer.name("checks")
            writer.array { writer in
                for check in checks {
                    writer.object { writer in
                        writer.member("name", check.name)
                        writer.member("ok", check.problem == nil)
                        writer.member("required", check.isRequired)
                        writer.member("problem", check.problem)
                    }
                }
            }
        }
    }
}
