import Foundation
import StrictJSON
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct PolicyObjectiveTests {
    private static func floats(_ json: JSONValue?) -> [Float] {
        (json?.arrayValue ?? []).flatMap { $0.arrayValue != nil ? floats($0) : [Float($0.doubleValue ?? .nan)] }
    }

    /// Loss and gradients of a case, through the chunked head.
    private func check(_ json: JSONValue) throws {
        let counts = try #require(json["counts"]?.arrayValue).compactMap(\.intValue)
        let rows = counts.reduce(0, +)
        let hidden = try Tensor(Self.floats(json["hidden"]), shape: [rows, Self.floats(json["hidden"]).count / rows])
        let width = hidden.size(1)
        let head = try Tensor(Self.floats(json["head"]), shape: [Self.floats(json["head"]).count / width, width])
        let targets = try #require(json["targets"]?.arrayValue).compactMap { $0.intValue.map(Int64.init) }
        for leaf in [hidden, head] { try leaf.requireGradientInPlace() }

        var objective = PolicyObjective()
        objective.ratioLevel = try #require(json["ratio_level"]?.stringValue.flatMap(RatioLevel.init(rawValue:)))
        objective.divergence = try #require(
            json["divergence"]?.stringValue.flatMap(DivergenceEstimator.init(rawValue:)))
        objective.divergenceWeight = try #require(json["divergence_weight"]?.doubleValue)
        objective.clipRange = try #require(json["clip_range"]?.doubleValue)
        objective.clipRangeHigh = try #require(json["clip_range_high"]?.doubleValue)
        let temperature = try #require(json["temperature"]?.doubleValue)
        let logp = try (hidden / .real(temperature)).linearLogProbability(head, targets: Tensor(targets), chunk: 3)
        let result = try objective(
            logp,
            PolicyObjective.Rows(
                counts: counts, advantages: Self.floats(json["advantages"]).map(Double.init),
                old: Self.floats(json["old"]), reference: Self.floats(json["reference"])))
        try result.loss.backward()

        let expected = try #require(json["loss"]?.doubleValue)
        #expect(abs(try result.loss.detached().item() - expected) <= 1e-5 * max(0.1, abs(expected)))
        for (leaf, name) in [(hidden, "hidden_gradient"), (head, "head_gradient")] {
            let found: [Float] = try #require(try leaf.gradient()).array()
            let wanted = Self.floats(json[name])
            try #require(found.count == wanted.count)
            let largest = wanted.map(abs).max() ?? 0
            let error = zip(found, wanted).map { abs($0 - $1) }.max() ?? 0
            #expect(error <= 1e-5 * largest, "\(name): off by \(error) of \(largest)")
        }
    }

    @Test func `value and gradient are those of an independent calculation`() throws {
        let bytes = [UInt8](try Data(contentsOf: Golden.ownFile("objective/cases.json")))
        let cases = try #require(try JSONValue(parsing: bytes).arrayValue)
        #expect(cases.count == 12)
        for json in cases { try check(json) }
    }

    @Test(.enabled(if: PeerPython.hasTorch), arguments: [2, 3, 4])
    func `and on inputs made just now`(seed: Int) throws {
        let answer = try PeerPython.run(script: "objective_peer.py", ["\(seed)"])
        try #require(answer.status == 0)
        for json in try #require(try JSONValue(parsing: answer.output).arrayValue) { try check(json) }
    }

    private let old: [Float] = [-1.0, -2.0, -0.7]
    private let reference: [Float] = [-1.1, -2.0, -0.5]

    private func loss(_ level: RatioLevel, advantage: Double) throws -> Double {
        var objective = PolicyObjective()
        objective.ratioLevel = level
        let result = try objective(
            Tensor([Float(-0.9), -2.1, -0.2]),
            PolicyObjective.Rows(counts: [3], advantages: [advantage], old: old, reference: reference))
        return try result.loss.item()
    }

    @Test(arguments: [
        (RatioLevel.token, 1.0, -1.069787), (.token, -1, 1.219792), (.sequence, 1, -1.181275),
        (.sequence, -1, 1.181445),
    ])
    func `three tokens worked out by hand`(level: RatioLevel, advantage: Double, expected: Double) throws {
        #expect(abs(try loss(level, advantage: advantage) - expected) < 2e-6)
    }

    @Test(arguments: RatioLevel.allCases)
    func `at the policy that sampled ratios are 1, and the gradient is that of the advantages alone`(
        level: RatioLevel
    ) throws {
        var objective = PolicyObjective()
        objective.ratioLevel = level
        let logp = try Tensor(old)
        try logp.requireGradientInPlace()
        let result = try objective(
            logp, PolicyObjective.Rows(counts: [2, 1], advantages: [0.5, -2], old: old, reference: old))
        #expect(result.ratio == 1 && result.clippedShare == 0 && result.divergence == 0)
        #expect(abs(try result.loss.detached().item() - 0.75) < 1e-6)
        try result.loss.backward()
        let gradient: [Float] = try #require(try logp.gradient()).array()
        // −A / (rows · masked tokens of the row)
        for (found, wanted) in zip(gradient, [-0.125, -0.125, 1] as [Float]) { #expect(abs(found - wanted) < 1e-6) }
    }

    @Test func `a ratio past the clip earns nothing more`() throws {
        var objective = PolicyObjective()
        objective.divergenceWeight = 0
        let logp = try Tensor([Float(0)])
        try logp.requireGradientInPlace()
        let rows = PolicyObjective.Rows(counts: [1], advantages: [1], old: [-1], reference: [])
        let result = try objective(logp, rows)
        try result.loss.backward()
        #expect(try #require(try logp.gradient()).item() == 0)
        #expect(result.clippedShare == 1)
        #expect(abs(try result.loss.detached().item() + 1.2) < 1e-6)
    }

    @Test func `rows that do not fit are an error`() throws {
        let logp = try Tensor(old)
        for rows in [
            PolicyObjective.Rows(counts: [2], advantages: [1], old: old, reference: old),
            PolicyObjective.Rows(counts: [3], advantages: [], old: old, reference: old),
            PolicyObjective.Rows(counts: [3], advantages: [1], old: [], reference: old),
            PolicyObjective.Rows(counts: [3, 0], advantages: [1, 1], old: old, reference: old),
            PolicyObjective.Rows(counts: [3], advantages: [1], old: old, reference: []),
        ] {
            #expect(throws: TensorError.self) { try PolicyObjective()(logp, rows) }
        }
    }
}

@Suite struct GroupAdvantagesTests {
    private let rewards: [Double?] = [2.5, 0.5, 0.5, 2.5, 0, 0.5, 2.5, 0]

    @Test(arguments: [
        (AdvantageScale.unbiased, [1.188033, -0.540015, -0.972027]),
        (.population, [1.270171, -0.577350, -1.039230]), (.none, [1.375, -0.625, -1.125]),
    ])
    func `rewards become relative to their group`(scale: AdvantageScale, values: [Double]) throws {
        let found = try #require(GroupAdvantages.advantages(rewards, scale: scale)).compactMap(\.self)
        for (index, value) in [(0, values[0]), (1, values[1]), (4, values[2])] {
            #expect(abs(found[index] - value) < 1e-6)
        }
        #expect(abs(found.reduce(0, +)) < 1e-12)
    }

    @Test func `nothing is learnt from a group that agrees, or of which too little is known`() {
        #expect(GroupAdvantages.advantages([1, 1, 1, 1]) == nil)
        #expect(GroupAdvantages.advantages([0.3, 0.3 + 1e-9]) == nil)
        #expect(GroupAdvantages.advantages([1, nil, nil]) == nil)
        #expect(GroupAdvantages.advantages([]) == nil)
    }

    @Test func `an answer without a reward takes no part`() throws {
        let found = try #require(GroupAdvantages.advantages([1, nil, 3], scale: .population))
        #expect(found == [-1, nil, 1])
    }
}

@Suite struct PolicyNoiseTests {
    @Test(arguments: [
        (100, [100, 300, 500, 700, 900]), (550, [550, 750, 950, 150, 350]), (0, [1000, 200, 400, 600, 800]),
        (999, [999, 199, 399, 599, 799]),
    ])
    func `evenly spread steps wrap around`(start: Int, steps: [Int]) {
        #expect(PolicyNoise.timesteps(.structured, start: start, updates: 5) == steps)
    }

    @Test(arguments: [
        (100, [100, 325, 550, 775, 1000]), (550, [550, 662, 775, 887, 1000]), (0, [1, 250, 500, 750, 1000]),
        (999, [999, 999, 999, 999, 1000]),
    ])
    func `rising steps end with a whole mask`(start: Int, steps: [Int]) {
        #expect(PolicyNoise.timesteps(.rising, start: start, updates: 5) == steps)
        #expect(PolicyNoise.timesteps(.rising, start: start, updates: 1) == [max(1, start)])
    }

    @Test(arguments: PolicyNoiseKind.allCases)
    func `a mask is the same whenever it is drawn, and hides as many positions as its ratio says`(
        kind: PolicyNoiseKind
    ) throws {
        let noise = PolicyNoise(kind, updates: 4, seed: 9)
        for answer in 0..<6 {
            for update in 0..<4 {
                let mask = try noise.mask(rollout: 3, answer: answer, update: update, revealedAt: 0..<40)
                #expect(try noise.mask(rollout: 3, answer: answer, update: update, revealedAt: 0..<40) == mask)
                let ratio = try noise.ratio(rollout: 3, answer: answer, update: update)
                guard kind != .trajectory, kind != .branches else { continue }
                #expect(mask.scored.count == max(1, Int((ratio * 40).rounded())))
                #expect(mask.scored == mask.hidden.indices.filter { mask.hidden[$0] })
                if kind == .full { #expect(!mask.hidden.contains(false)) }
            }
        }
        let first = try noise.mask(rollout: 3, answer: 0, update: 0, revealedAt: 0..<40)
        if kind != .full {
            #expect(try noise.mask(rollout: 4, answer: 0, update: 0, revealedAt: 0..<40) != first)
            #expect(try noise.mask(rollout: 3, answer: 1, update: 0, revealedAt: 0..<40) != first)
        }
    }

    @Test(arguments: [false, true])
    func `on a trajectory an answer is seen as before a step, which alone is scored`(isPicture: Bool) throws {
        let noise = PolicyNoise(.trajectory, pictures: .trajectory, updates: 5, seed: 3)
        // Two tokens a step, in no order, as in blocks of four.
        let revealedAt = [1, 0, 0, 1, 2, 3, 3, 2, 4, 5, 4, 5, 7, 6, 7, 6, 9, 9, 8, 8]
        var times: [Int: Int] = [:]
        for answer in 0..<40 {
            var seen: Set<Int> = []
            for update in 0..<5 {
                let mask = try noise.mask(
                    rollout: 0, answer: answer, update: update, revealedAt: revealedAt, isPicture: isPicture)
                let step = try #require(mask.step)
                #expect(mask.scored == revealedAt.indices.filter { revealedAt[$0] == step })
                #expect(mask.hidden == revealedAt.map { $0 >= step })
                seen.insert(step)
                times[step, default: 0] += 1
            }
            // Every second step, wrapped around.
            #expect(Set(seen.map { $0 % 2 }).count == 1 && seen.count == 5, "\(seen)")
        }
        #expect(times.count == 10 && times.values.allSatisfy { (5...40).contains($0) }, "\(times)")
    }

    @Test func `masks of two lengths agree where both have positions`() throws {
        let noise = PolicyNoise(.structured, updates: 4, seed: 9)
        for update in 0..<4 {
            let (long, short) = (
                try noise.mask(rollout: 3, answer: 5, update: update, revealedAt: 0..<41),
                try noise.mask(rollout: 3, answer: 5, update: update, revealedAt: 0..<40)
            )
            #expect(zip(long.hidden, short.hidden).count { $0 != $1 } <= 1)
        }
    }

    @Test func `structured ratios of one answer are a quarter apart, and each is even over answers`() throws {
        let noise = PolicyNoise(.structured, updates: 4, seed: 1)
        var first: [Double] = []
        for answer in 0..<200 {
            let ratios = try (0..<4).map { try noise.ratio(rollout: 0, answer: answer, update: $0) }.sorted()
            for (low, high) in zip(ratios, ratios.dropFirst()) { #expect(abs(high - low - 0.25) < 1e-9) }
            first.append(try noise.ratio(rollout: 0, answer: answer, update: 0))
        }
        #expect(abs(first.reduce(0, +) / 200 - 0.5) < 0.08)
    }

    @Test func `prompts are masked only where asked for`() throws {
        let plain = PolicyNoise(.full, updates: 1, seed: 2)
        #expect(try plain.promptMask(rollout: 0, answer: 0, update: 0, count: 50) == Array(repeating: false, count: 50))
        let d1 = PolicyNoise(.full, updates: 2, promptMaskProbability: 0.15, seed: 2)
        let masks = try (0..<2).map { try d1.promptMask(rollout: 0, answer: 0, update: $0, count: 2000) }
        #expect(masks[0] != masks[1])
        for mask in masks { #expect((200...400).contains(mask.count { $0 })) }
    }
}
