// SPDX-License-Identifier: Apache-2.0

/// Where fired reminders are posted to.
package struct WebhookConfiguration: Sendable {
    /// The name of the channel in `deliveries`.
    package static let channel = "webhook"

    let url: WebhookURL
    let signature: WebhookSignature?
    let targetGuard: TargetGuard

    /// Checks the values of `PUNCTUAL_WEBHOOK_URL`, `PUNCTUAL_WEBHOOK_SECRET`,
    /// `PUNCTUAL_WEBHOOK_ALLOW` and `PUNCTUAL_WEBHOOK_CA`.
    ///
    /// Without a secret, posts are not signed.
    package init(
        url: String,
        secret: String?,
        allowing allowed: String = "",
        authorities: String? = nil
    ) throws(DeliveryError) {
        self.url = try WebhookURL(url)
        signature = if let secret { try WebhookSignature(secret: secret) } else { nil }
        targetGuard = try TargetGuard(allowing: allowed, authorities: authorities)
    }

    /// What each fired reminder gets a row in `deliveries` for.
    package var targets: [(channel: String, target: String)] { [(Self.channel, url.text)] }
}
