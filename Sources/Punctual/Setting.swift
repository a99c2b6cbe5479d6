// SPDX-License-Identifier: Apache-2.0

/// One thing that can be configured.
///
/// The raw value is its key in the configuration file, and the name of a systemd credential;
/// `PUNCTUAL_` and the key in capitals is the environment variable.
enum Setting: String, CaseIterable, Sendable {
    case databaseURL = "database_url"
    case httpHost = "http_host"
    case httpPort = "http_port"
    case jwtSecret = "jwt_secret"
    case jwksURL = "jwks_url"
    case jwtAudience = "jwt_audience"
    case jwtIssuer = "jwt_issuer"
    case roles
    case transport
    case kafkaBrokers = "kafka_brokers"
    case kafkaProperties = "kafka_properties"
    case kafkaFormat = "kafka_format"
    case webhookURL = "webhook_url"
    case webhookSecret = "webhook_secret"
    case webhookAllow = "webhook_allow"
    case webhookCA = "webhook_ca"
    case smtpURL = "smtp_url"
    case smtpFrom = "smtp_from"
    case smtpCA = "smtp_ca"
    case vapidKey = "vapid_key"
    case shards
    case lead
    case catchUpRate = "catch_up_rate"
    case retention
    case rateLimit = "rate_limit"
    case corsOrigins = "cors_origins"
    case logLevel = "log_level"
    case logFormat = "log_format"
    case jobsCallbackURL = "jobs_callback_url"
    case appToken = "app_api_token"
    case daprEndpoint = "dapr_http_endpoint"
    case daprPort = "dapr_http_port"
    case daprToken = "dapr_api_token"
    case daprPubsub = "dapr_pubsub"
    case daprStatestore = "dapr_statestore"
    case daprAPIAppID = "dapr_api_app_id"

    /// Whether the value must appear in no log and no message.
    var isSecret: Bool {
        [
            .databaseURL, .jwtSecret, .kafkaProperties, .webhookSecret, .smtpURL, .vapidKey,
            .appToken, .daprToken,
        ].contains(self)
    }

    /// Whether the environment variable is Dapr's own, without `PUNCTUAL_`.
    var isDaprs: Bool { [.appToken, .daprEndpoint, .daprPort, .daprToken].contains(self) }

    /// The environment variable, such as `PUNCTUAL_HTTP_PORT`.
    var variable: String { (isDaprs ? "" : "PUNCTUAL_") + rawValue.uppercased() }

    /// The setting that names a file with the value of this one, such as `webhook_secret_file`.
    var fileKey: String { rawValue + "_file" }

    /// Every key that a configuration file may have.
    static let fileKeys = Set(
        allCases.map(\.rawValue) + allCases.filter(\.isSecret).map(\.fileKey)
    )
}
