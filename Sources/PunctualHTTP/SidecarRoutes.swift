// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds what a Dapr sidecar calls.
    mutating func addSidecar(_ services: SidecarServices) {
        if let sweep = services.sweep { addSweep(sweep, services) }
        if let jobs = services.jobs { addJobs(jobs, services) }
        addSubscription(services.subscription, services)
    }

    /// Adds the sweep, for the cron binding, and for jobs that ask for one.
    private mutating func addSweep(_ sweep: any OverdueSweep, _ services: SidecarServices) {
        let path = "/reminder-check"
        // The sidecar asks so whether there is a binding; the answer has to be exactly 200 or 405.
        sidecar(.options, path, services) { _ in
            Response(status: .ok, headers: [.allow: "OPTIONS, POST"])
        }
        // Whatever the body is: the cron binding sends none. Its header `Readtimeutc` is in a form
        // of its own, and nothing hangs on it: what is due is what the clock of this host says.
        sidecar(.post, path, services) { _ in Response(sweep: try await sweep.sweep()) }
        // A job that was registered with a sidecar, whatever it is called and whatever it carries,
        // bare or wrapped, means the same: look whether something is overdue.
        for path in ["/job/{name}", "/api/jobs/trigger"] {
            sidecar(.post, path, services) { _ in Response(sweep: try await sweep.sweep()) }
        }
    }
}

extension Response {
    /// What a sweep did.
    ///
    /// It is 200 and nothing else, for that is what the sidecar counts as done.
    fileprivate init(sweep report: SweepReport) {
        self.init(json: { writer in
            writer.object { writer in
                writer.member("fired", Int64(report.fired))
                writer.member("passed_over", Int64(report.passedOver))
                writer.member("rolled_over", Int64(report.rolledOver))
                writer.member("recovered", Int64(report.recovered))
                writer.member("shards", Int64(report.shards))
                writer.member("complete", report.isComplete)
            }
        })
    }
}
