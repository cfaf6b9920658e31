public import KeyManagement
public import SecretStores
public import ServiceKit

/// What an operator decides about a deployment: `deployment.json`.
public struct DeploymentOptions: Codable, Sendable, Equatable {
    public var environment: String
    /// First port of the plan; 0 means free ones.
    public var portBase: Int
    /// A candle file in Binance's kline columns for the sandbox exchange to replay; nil means that it makes prices up.
    public var candles: String?
    /// Seed of the made-up prices.
    public var seed: UInt32
    /// The schedules of keys, where they are not as everywhere; nil means that all are.
    public var keys: KeySchedules?
    /// Which traces go into the services' logs; nil means as ``TracingSettings`` says.
    public var tracing: TracingSettings?
    /// Where audit sends its alerts; nil means nowhere.
    public var alerts: Alerts?

    /// The language model that answers; nil means the one that is built in.
    public var model: Model?

    /// Where people's trade keys are made and sign; nil means in execution's process.
    public var tradeKeys: RemoteKeySettings?

    /// Stores of services whose secrets lie elsewhere than everybody's, by the service's name; nil means none.
    public var secretStores: [String: SecretStoreSettings]?

    /// Where secrets lie; nil in what earlier versions wrote means files.
    private var secrets: SecretsPlace?
    /// The folder of the keys that wrap sealed secrets; nil means beside the state folder.
    public var wrappingKeys: String?

    /// Where secrets lie. It stays as the folder was made.
    public var secretsPlace: SecretsPlace { secrets ?? .files }

    /// A receiver of alerts.
    public struct Alerts: Codable, Sendable, Equatable {
        /// `https://host:port/path`; `http` to this machine only.
        public var webhook: String
        /// PEM file of the certificate authorities to trust; nil means the system's.
        public var rootsPath: String?

        public init(webhook: String, rootsPath: String? = nil) {
            self.webhook = webhook
            self.rootsPath = rootsPath
        }
    }

    /// A language model behind the chat completions API. Its key is the agent's secret `llm-api-key`, which an operator puts there.
    public struct Model: Codable, Sendable, Equatable {
        /// `https://host[:port]/path`, without `/chat/completions`.
        public var baseURL: String
        /// As its server calls it.
        public var name: String
        /// PEM file of the certificate authorities to trust; nil means the system's.
        public var rootsPath: String?

        public init(baseURL: String, name: String, rootsPath: String? = nil) {
            self.baseURL = baseURL
            self.name = name
            self.rootsPath = rootsPath
        }
    }

    public init(
        environment: String = "development", portBase: Int = PortPlan.defaultBase, candles: String? = nil, seed: UInt32 = 1,
        keys: KeySchedules? = nil, tracing: TracingSettings? = nil, alerts: Alerts? = nil, model: Model? = nil, tradeKeys: RemoteKeySettings? = nil,
        secretStores: [String: SecretStoreSettings]? = nil, secrets: SecretsPlace = .sealed, wrappingKeys: String? = nil
    ) {
        self.environment = environment
        self.portBase = portBase
        self.candles = candles
        self.seed = seed
        self.keys = keys
        self.tracing = tracing
        self.alerts = alerts
        self.model = model
        self.tradeKeys = tradeKeys
        self.secretStores = secretStores
        self.secrets = secrets
        self.wrappingKeys = wrappingKeys
    }
}
