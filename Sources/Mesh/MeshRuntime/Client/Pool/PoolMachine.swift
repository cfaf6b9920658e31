internal import MeshCall

/// The connections of a client as a pure value: which addresses are used, what is to be connected, replaced or closed, and when. A driver
/// tells it what happened, carries out its `actions`, and wakes it at `nextWake`.
struct PoolMachine<Connection: PoolMember>: Sendable {
    enum Action: Sendable {
        /// Ask the resolver; answer with `resolved` or `resolutionFailed`.
        case resolve(id: UInt64)
        /// Nobody waits for this lookup's answer: it may give up. It is to be answered for all the same, whenever it ends.
        case giveUpLookup(id: UInt64)
        /// Connect; answer with `established` or `failed`.
        case connect(id: UInt64, MeshEndpoint, AnswerCounter)
        /// Let calls in flight finish, then close.
        case drain(Connection)
        case closeNow(Connection)
        case note(PoolNote)
    }

    /// What a call that has no connection has to do.
    enum Outlook: Sendable {
        case ready
        case wait
        case fail(RPCError)
    }

    let limits: ClientLimits
    private(set) var addresses: [PoolAddress<Connection>] = []
    private(set) var actions: [Action] = []
    /// Calls that wait for a connection.
    var waiting = 0

    private(set) var schedule: ResolutionSchedule
    private var subset: AddressSubset
    private var known: [MeshEndpoint] = []
    /// What is known of those that cannot be connected and are in no use: taken up again they wait as long as they would have.
    private var unreachable: [MeshEndpoint: PoolAddress<Connection>.Unreachable] = [:]
    private var draining: [UInt64: (connection: Connection, until: ContinuousClock.Instant)] = [:]
    private var lastCall: ContinuousClock.Instant?
    private var lastID: UInt64 = 0
    private var resolutionFailure: RPCError?
    /// Names that the last lookup could not look up, while others were found.
    private var missing: Set<String> = []
    private(set) var isClosed = false
    private var random: FastRandom

    init(isFixed: Bool, limits: ClientLimits, seed: UInt64) {
        self.limits = limits
        schedule = ResolutionSchedule(isFixed: isFixed, limits)
        subset = AddressSubset(limit: max(1, limits.pool.maximumAddresses), seed: seed)
        random = FastRandom(seed: seed)
    }

    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: Calls

    /// A call found no connection.
    mutating func called(at now: ContinuousClock.Instant) {
        lastCall = now
        maintain(at: now)
    }

    func outlook(at now: ContinuousClock.Instant) -> Outlook {
        if isClosed { return .fail(.clientClosed) }
        if isReady { return .ready }
        if addresses.contains(where: { !$0.connecting.isEmpty }) { return .wait }
        if addresses.contains(where: { !$0.slots.isEmpty }) { return .fail(circuitOpen(at: now)) }
        // Nothing that is known can be reached, and what is being asked for may; unless those who are asked are in trouble themselves.
        if schedule.isAwaited(at: now), addresses.isEmpty || (resolutionFailure == nil && missing.isEmpty) { return .wait }
        guard !addresses.isEmpty else { return .fail(resolutionFailure ?? .unresolved(nil)) }
        return .fail(failure ?? .unreachable(nil))
    }

    /// Why there is no connection, if one was tried, or there is nothing to try.
    var failure: RPCError? { addresses.isEmpty ? resolutionFailure : addresses.lazy.compactMap(\.failure).first }

    private func circuitOpen(at now: ContinuousClock.Instant) -> RPCError {
        let until = addresses.lazy.compactMap(\.breaker.opensUntil).min()
        return RPCError(
            .unavailable, "The peer fails too often.", reason: "CIRCUIT_OPEN", retryAfter: until.map { max(.zero, $0 - now) })
    }

    /// The load on an address asks for one connection more.
    mutating func grow(_ answers: AnswerCounter, at now: ContinuousClock.Instant) {
        guard let index = index(of: answers), addresses[index].wanted < limits.pool.connectionsPerAddress,
            addresses[index].connecting.isEmpty, addresses[index].lasting >= addresses[index].wanted
        else { return }
        addresses[index].wanted += 1
        maintain(at: now)
    }

    // MARK: What can be used

    private var isReady: Bool {
        addresses.contains { !$0.slots.isEmpty && ($0.breaker.isClosed || $0.breaker.takesProbe) } || !usable.isEmpty
    }

    /// Connections of addresses whose breaker is closed; of all when there are none, unless failing fast was asked for.
    var usable: [Connection] {
        let good = addresses.filter(\.breaker.isClosed).flatMap(\.slots)
        let used = good.isEmpty && !limits.breaker.failsFast ? addresses.flatMap(\.slots) : good
        return used.map(\.connection)
    }

    /// Some address is to be tried by a call.
    var hasProbe: Bool { addresses.contains { $0.breaker.takesProbe && !$0.slots.isEmpty } }

    /// - Returns: the connection that the next call goes to, to see whether its address works again.
    mutating func takeProbe(at now: ContinuousClock.Instant) -> (connection: Connection, probe: Breaker.Probe)? {
        for index in addresses.indices {
            guard let least = addresses[index].slots.min(by: { $0.connection.inFlight < $1.connection.inFlight }),
                let probe = addresses[index].breaker.beginProbe(at: now)
            else { continue }
            return (least.connection, probe)
        }
        return nil
    }

    // MARK: Outcomes

    mutating func callFailed(on answers: AnswerCounter, at now: ContinuousClock.Instant) {
        guard let index = index(of: answers) else { return }
        fail(index, now)
    }

    mutating func probeEnded(_ probe: Breaker.Probe, on answers: AnswerCounter, _ outcome: CallOutcome, at now: ContinuousClock.Instant) {
        guard let index = index(of: answers) else { return }
        let wasClosed = addresses[index].breaker.isClosed
        addresses[index].breaker.probeEnded(probe, outcome, at: now)
        if !wasClosed, addresses[index].breaker.isClosed { actions.append(.note(.readmitted(addresses[index].endpoint))) }
    }

    private mutating func fail(_ index: Int, _ now: ContinuousClock.Instant) {
        let opened = addresses[index].breaker.failed(answers: addresses[index].answers.value, mayOpen: mayEject, at: now)
        if opened { actions.append(.note(.ejected(addresses[index].endpoint))) }
    }

    private var mayEject: Bool {
        if limits.breaker.failsFast { return true }
        let ejected = addresses.count { !$0.breaker.isClosed }
        return Double(ejected + 1) <= Double(addresses.count) * limits.breaker.maximumEjectedPart
    }

    private func index(of answers: AnswerCounter) -> Int? { addresses.firstIndex { $0.answers === answers } }

    // MARK: Addresses

    mutating func resolved(_ endpoints: [MeshEndpoint], by lookup: UInt64, at now: ContinuousClock.Instant) {
        guard !isClosed else { return }
        guard !endpoints.isEmpty else { return resolutionFailed(NoAddresses(), by: lookup, at: now) }
        if schedule.succeeded(lookup, at: now) { take(endpoints, missing: [], now) }
        maintain(at: now)
    }

    private mutating func take(_ endpoints: [MeshEndpoint], missing failures: [ResolutionFailed], _ now: ContinuousClock.Instant) {
        resolutionFailure = nil
        note(missing: failures)
        known = Array(endpoints.prefix(limits.pool.maximumResolvedAddresses))
        let answered = Set(known)
        unreachable = unreachable.filter { answered.contains($0.key) }
        use(subset.choose(from: known), now)
    }

    mutating func resolutionFailed(_ cause: any Error, by lookup: UInt64, at now: ContinuousClock.Instant) {
        guard !isClosed else { return }
        if let part = cause as? ResolutionIncomplete, !part.endpoints.isEmpty {
            if schedule.succeeded(lookup, isComplete: false, at: now) { take(part.endpoints, missing: part.failures, now) }
        } else if schedule.failed(lookup, at: now) {
            unresolved(cause)
        }
        maintain(at: now)
    }

    /// - Parameter isLast: no other lookup begins for now.
    private mutating func unresolved(_ cause: any Error, isLast: Bool = false) {
        actions.append(.note(.unresolved(cause, isNews: resolutionFailure == nil || isLast)))
        resolutionFailure = .unresolved(cause)
    }

    /// Once for each change of what cannot be looked up.
    private mutating func note(missing failures: [ResolutionFailed]) {
        let hosts = Set(failures.map(\.host))
        guard hosts != missing else { return }
        missing = hosts
        actions.append(.note(failures.isEmpty ? .allResolved : .partlyResolved(failures)))
    }

    private mutating func endLookup(_ now: ContinuousClock.Instant) {
        guard let lookup = schedule.timedOut(at: now) else { return }
        let hanging = schedule.hanging, isLast = hanging >= limits.pool.maximumLookups
        unresolved(LookupTimedOut(limit: limits.pool.resolveTimeout, hanging: hanging, isLast: isLast), isLast: isLast)
        actions.append(.giveUpLookup(id: lookup))
    }

    private mutating func use(_ endpoints: [MeshEndpoint], _ now: ContinuousClock.Instant) {
        for gone in addresses where !endpoints.contains(gone.endpoint) {
            actions.append(.note(.left(gone.endpoint)))
            for slot in gone.slots { drain(slot.connection, now) }
            if known.contains(gone.endpoint) { unreachable[gone.endpoint] = gone.unreachable }
        }
        addresses.removeAll { !endpoints.contains($0.endpoint) }
        for endpoint in endpoints where !addresses.contains(where: { $0.endpoint == endpoint }) {
            addresses.append(PoolAddress(endpoint, limits, unreachable.removeValue(forKey: endpoint), at: now))
        }
    }

    // MARK: Connections

    mutating func established(_ connection: Connection, at now: ContinuousClock.Instant) {
        guard !isClosed, let index = concluded(connection.id) else { return drain(connection, now) }
        if let old = addresses[index].established(connection, expires: expiry(now), at: now) { drain(old.connection, now) }
        actions.append(.note(.connected(addresses[index].endpoint)))
        maintain(at: now)
    }

    /// An attempt to connect is over.
    ///
    /// - Returns: its address, nil when that is no longer used.
    private mutating func concluded(_ id: UInt64) -> Int? {
        guard let index = addresses.firstIndex(where: { $0.connecting.contains(id) }) else { return nil }
        addresses[index].connecting.remove(id)
        return index
    }

    private mutating func expiry(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let part = Double(random.next() >> 11) / Double(1 << 53) * 2 - 1
        return now + limits.pool.maximumAge * (1 + part * limits.pool.ageJitter)
    }

    mutating func failed(_ id: UInt64, _ cause: any Error, at now: ContinuousClock.Instant) {
        guard let index = concluded(id) else { return }
        let isNews = addresses[index].failure == nil
        addresses[index].failed(.unreachable(cause), at: now)
        actions.append(.note(.unreachable(addresses[index].endpoint, cause, isNews: isNews)))
        if addresses.allSatisfy(\.isHopeless) { allFailed(now) }
        maintain(at: now)
    }

    private mutating func allFailed(_ now: ContinuousClock.Instant) {
        schedule.request()
        guard known.count > addresses.count else { return }
        subset.change()
        use(subset.choose(from: known), now)
    }

    /// It takes no more calls: the server said so, it is lost, or it ran out of stream ids.
    mutating func retired(_ id: UInt64, at now: ContinuousClock.Instant) {
        for index in addresses.indices {
            guard let slot = addresses[index].slots.firstIndex(where: { $0.connection.id == id }) else { continue }
            let gone = addresses[index].slots.remove(at: slot)
            drain(gone.connection, now)
            addresses[index].lost(gone, stableAge: limits.pool.stableAge, at: now)
            schedule.request()
            return maintain(at: now)
        }
    }

    /// It is over.
    ///
    /// - Parameter broke: not because this side closed it. That counts as one failure of its address, however many calls it cost.
    mutating func ended(_ id: UInt64, broke: Bool, at now: ContinuousClock.Instant) {
        if broke, let index = addresses.firstIndex(where: { $0.slots.contains { $0.connection.id == id } }) { fail(index, now) }
        retired(id, at: now)
        draining[id] = nil
    }

    private mutating func drain(_ connection: Connection, _ now: ContinuousClock.Instant) {
        draining[connection.id] = (connection, now + limits.pool.drainTimeout)
        actions.append(.drain(connection))
    }

    /// - Returns: every connection that is still open.
    mutating func close() -> [Connection] {
        guard !isClosed else { return [] }
        isClosed = true
        let open = addresses.flatMap(\.slots).map(\.connection) + draining.values.map(\.connection)
        addresses = []
        draining = [:]
        return open
    }

    // MARK: Time

    /// When it has to be woken; nil while nothing is to come.
    func nextWake(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard !isClosed else { return nil }
        var times = draining.values.map(\.until) + addresses.compactMap(\.breaker.opensUntil)
        if isWanted(at: now) {
            times += addresses.compactMap(\.retryAt) + [schedule.due(at: now), schedule.timeout].compactMap { $0 }
            times += addresses.flatMap(\.slots).filter { !$0.isExpiring }.map(\.expires)
        }
        // A lookup that nobody waits for any more has nothing to wake for.
        times.removeAll { $0 <= now }
        let isKept = isWanted(at: now) || addresses.contains { !$0.slots.isEmpty }
        return (times + (isKept ? [now + limits.pool.maintenanceInterval] : [])).min()
    }

    mutating func woken(at now: ContinuousClock.Instant) {
        maintain(at: now)
    }

    /// Somebody uses the client, so its connections are worth keeping.
    private func isWanted(at now: ContinuousClock.Instant) -> Bool {
        limits.pool.isWarm || waiting > 0 || lastCall.map { now - $0 < limits.pool.activePeriod } ?? false
    }

    private mutating func maintain(at now: ContinuousClock.Instant) {
        guard !isClosed else { return }
        endDrains(now)
        for index in addresses.indices { look(after: index, now) }
        endLookup(now)
        guard isWanted(at: now) else { return }
        if let due = schedule.due(at: now), due <= now { actions.append(.resolve(id: schedule.begin(at: now))) }
        for index in addresses.indices { connect(index, now) }
    }

    private mutating func endDrains(_ now: ContinuousClock.Instant) {
        for (id, drained) in draining where drained.until <= now {
            draining[id] = nil
            actions.append(.closeNow(drained.connection))
        }
    }

    private mutating func look(after index: Int, _ now: ContinuousClock.Instant) {
        if addresses[index].noteUse(at: now) { lastCall = now }
        addresses[index].breaker.observe(answers: addresses[index].answers.value, at: now)
        if addresses[index].breaker.advance(to: now) { actions.append(.note(.tried(addresses[index].endpoint))) }
        guard !limits.pool.isWarm, let idle = addresses[index].shrink(idleTimeout: limits.pool.idleTimeout, at: now) else { return }
        drain(idle.connection, now)
    }

    private mutating func connect(_ index: Int, _ now: ContinuousClock.Instant) {
        addresses[index].expire(at: now)
        for _ in 0..<addresses[index].missing(at: now) {
            lastID += 1
            addresses[index].connecting.insert(lastID)
            actions.append(.connect(id: lastID, addresses[index].endpoint, addresses[index].answers))
        }
    }
}
