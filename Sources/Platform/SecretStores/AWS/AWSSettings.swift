/// How AWS Secrets Manager is reached, and as whom.
public struct AWSSettings: Codable, Sendable, Equatable {
    /// Where the access key comes from.
    public enum Credentials: String, Codable, Sendable {
        /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if there is one, `AWS_SESSION_TOKEN`: taken out of the environment.
        case environment
        /// The container's endpoint: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, or `…_FULL_URI` with the token in `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`.
        case container
        /// The instance's metadata service, version 2.
        case instance
    }

    /// `eu-central-1`
    public var region: String
    /// Another address than the region's own: a VPC endpoint. Plain `http` only to this machine.
    public var endpoint: String?
    public var rootsPath: String?
    /// What stands before each secret's name: `cryptopulse/production/execution`.
    public var prefix: String
    public var credentials: Credentials
    /// Another address of the container's or the instance's endpoint than AWS's own; on this machine or link-local.
    public var credentialsEndpoint: String?

    public init(
        region: String, endpoint: String? = nil, rootsPath: String? = nil, prefix: String, credentials: Credentials,
        credentialsEndpoint: String? = nil
    ) {
        self.region = region
        self.endpoint = endpoint
        self.rootsPath = rootsPath
        self.prefix = prefix
        self.credentials = credentials
        self.credentialsEndpoint = credentialsEndpoint
    }
}
