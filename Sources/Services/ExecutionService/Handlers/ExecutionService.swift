public import KeyManagement
public import MeshCall
public import ServiceAPI
internal import AuditClient
public import Storage
internal import Trading

/// The only holder of trade keys. Proposals come from the agent, consent from the person, and they meet here.
public struct ExecutionService: ExecutionV1.ExecutionHandler {
    let dependencies: ExecutionDependencies
    let maker: ProposalMaker
    let desk: ProposalDesk
    let signOffs: SignOffDesk
    let orders: OrderDesk
    let accounts: TradingAccounts
    let keys: ExchangeKeys
    let reconciler: Reconciler
    let retirement: KeyRetirement

    /// What the database must hold.
    public static var schema: DatabaseSchema { ExecutionSchema.schema }

    public init(_ dependencies: ExecutionDependencies) {
        let (policy, limits) = (dependencies.policy, dependencies.limits)
        let catalog = InstrumentCatalog(exchange: dependencies.exchange, symbols: policy.symbols, lifetime: limits.instrumentLifetime)
        let books = BookSource(dependencies)
        let locks = UserLocks(maxWaiters: limits.waitersPerUser)
        let refusals = RefusalLog(dependencies)
        let tracker = OrderTracker(dependencies: dependencies)
        accounts = TradingAccounts(dependencies: dependencies)
        self.dependencies = dependencies
        maker = ProposalMaker(dependencies: dependencies, catalog: catalog, books: books, accounts: accounts, refusals: refusals)
        desk = ProposalDesk(dependencies: dependencies)
        let dispatcher = OrderDispatcher(
            dependencies: dependencies, catalog: catalog, books: books, accounts: accounts, tracker: tracker)
        signOffs = SignOffDesk(dependencies: dependencies, dispatcher: dispatcher, locks: locks, refusals: refusals)
        reconciler = Reconciler(
            dependencies: dependencies, accounts: accounts, tracker: tracker, locks: locks, startedMilliseconds: dependencies.now())
        retirement = KeyRetirement(
            dependencies: dependencies, accounts: accounts, tracker: tracker, reconciler: reconciler, locks: locks,
            endings: UserLocks(maxWaiters: limits.waitersPerKey))
        orders = OrderDesk(dependencies: dependencies, reconciler: reconciler)
        keys = ExchangeKeys(dependencies: dependencies, locks: locks, refusals: refusals)
    }

    /// Before anything is served: says what became of the orders of an earlier process, as far as the exchange can be asked in time.
    ///
    /// - Throws: when the database cannot be written.
    public func reconcileAtStart() async throws {
        try await reconciler.abandonIntents()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await reconciler.round() }
            group.addTask { try? await Task.sleep(for: dependencies.limits.reconciliationAtStart) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Goes on asking until cancelled.
    public func runReconciliation() async throws {
        try await reconciler.run { try await endKeys() }
    }

    /// Once over the keys that are to end: cancels what the revoked ones placed, and erases those that no order needs.
    public func endKeys() async throws {
        try await retirement.round()
    }

    /// People's keys, as the operator sees them.
    public var exchangeKeys: any ManagedKeys { TradeKeyring(dependencies: dependencies, retirement: retirement) }

    // MARK: - Proposals

    public func propose(_ request: ExecutionV1.ProposeRequest, context: ServerContext) async throws -> ExecutionV1.Proposal {
        let terms: ProposedTerms
        do {
            terms = try ProposedTerms(request)
        } catch {
            throw Refusal.terms(error)
        }
        let proposal = try await maker.propose(terms, utteranceID: request.utteranceId, for: Caller(context))
        return ExecutionV1.Proposal(proposal, now: dependencies.now())
    }

    public func getProposal(_ request: ExecutionV1.GetProposalRequest, context: ServerContext) async throws -> ExecutionV1.Proposal {
        ExecutionV1.Proposal(try await desk.find(request.proposalId, of: context.user().userID), now: dependencies.now())
    }

    public func listProposals(
        _ request: ExecutionV1.ListProposalsRequest, context: ServerContext
    ) async throws -> ExecutionV1.ListProposalsResponse {
        let proposals = try await desk.list(of: context.user().userID, limit: ExecutionService.limit(request.limit))
        return ExecutionV1.ListProposalsResponse(proposals: proposals.map { ExecutionV1.Proposal($0, now: dependencies.now()) })
    }

    public func reject(_ request: ExecutionV1.RejectRequest, context: ServerContext) async throws -> ExecutionV1.RejectResponse {
        let proposal = try await desk.reject(request.proposalId, for: Caller(context))
        return ExecutionV1.RejectResponse(proposal: ExecutionV1.Proposal(proposal, now: dependencies.now()))
    }

    // MARK: - Orders

    public func signOff(_ request: ExecutionV1.SignOffRequest, context: ServerContext) async throws -> ExecutionV1.SignOffResponse {
        let order = try await signOffs.signOff(request.proposalId, by: context.user(), context: context)
        return ExecutionV1.SignOffResponse(order: try ExecutionV1.Order(try await orders.show(order)))
    }

    public func listOrders(_ request: ExecutionV1.ListOrdersRequest, context: ServerContext) async throws -> ExecutionV1.ListOrdersResponse
    {
        let caller = try Caller(context)
        let shown = try await orders.list(
            of: caller, limit: ExecutionService.limit(request.limit), openOnly: request.openOnly, deadline: context.deadline)
        return ExecutionV1.ListOrdersResponse(orders: try shown.map(ExecutionV1.Order.init))
    }

    static func limit(_ asked: UInt32) throws -> Int {
        guard asked <= ExecutionLimits.maxListLength else { throw Refusal.invalid("limit is at most 200.", "LIMIT_OUT_OF_RANGE") }
        return asked == 0 ? ExecutionLimits.defaultListLength : Int(asked)
    }
}
