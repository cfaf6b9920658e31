internal import MeshCall
internal import ServiceAPI

/// The services that gateway calls.
struct Peers: Sendable {
    let auth: AuthV1.AuthClient
    let accounts: AuthV1.AccountsClient
    let agent: AgentV1.AgentClient
    let readKeys: MarketDataV1.ReadKeysClient
    let execution: ExecutionV1.ExecutionClient
    let audit: AuditV1.AuditClient

    init(auth: any CallChannel, agent: any CallChannel, marketData: any CallChannel, execution: any CallChannel, audit: any CallChannel) {
        self.auth = AuthV1.AuthClient(auth)
        accounts = AuthV1.AccountsClient(auth)
        self.agent = AgentV1.AgentClient(agent)
        readKeys = MarketDataV1.ReadKeysClient(marketData)
        self.execution = ExecutionV1.ExecutionClient(execution)
        self.audit = AuditV1.AuditClient(audit)
    }
}
