// SPDX-License-Identifier: Apache-2.0

import Logging
import PunctualDapr
import Testing

@Suite(.timeLimit(.minutes(1))) struct DaprSecretsTests {
    @Test(arguments: [
        "dapr://", "dapr://vault", "dapr:///key", "dapr://vault/", "dapr://vault/a/b",
        "dapr://vault/a b", "dapr://va?ult/key", "dapr://vault/..", "http://vault/key",
    ])
    func `refuses what is no place of a secret`(text: String) {
        #expect(DaprSecretReference(text) == nil)
    }

    @Test func `reads the place of a secret`() {
        let reference = DaprSecretReference("dapr://kubernetes-secrets/jwt_secret")
        #expect(reference?.store == "kubernetes-secrets")
        #expect(reference?.key == "jwt_secret")
    }

    @Test func `waits no longer than it is told to`() async {
        let sidecar = DaprSidecar(
            DaprSettings(endpoint: "http://127.0.0.1:9"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let start = ContinuousClock.now
        await #expect(throws: DaprError.self) { try await sidecar.waitUntilReady(seconds: 1) }
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(sidecar.problem != nil)
    }
}
