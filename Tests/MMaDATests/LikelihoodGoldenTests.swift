import Diffusion
import MMaDA
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct LikelihoodGoldenTests {
    private let golden: GoldenSet
    private let model: MMaDAModel

    init() throws {
        golden = try GoldenSet("likelihood")
        model = try goldenModel()
    }

    private func tokens(_ name: String) throws -> [Int32] {
        let found: [Int64] = try golden[name].array()
        return found.map(Int32.init)
    }

    private func settings(_ entry: JSONValue) throws -> AnswerLikelihood.Settings {
        AnswerLikelihood.Settings(
            samples: try #require(entry["mc_num"]?.intValue), batchSize: try #require(entry["batch_size"]?.intValue),
            guidanceScale: try #require(entry["cfg_scale"]?.doubleValue))
    }

    private func query(_ entry: JSONValue) throws -> AnswerQuery {
        let name = try #require(entry["name"]?.stringValue)
        return AnswerQuery(
            prompt: try tokens(name + ".prompt"), answer: try tokens(name + ".answer"),
            random: try RandomSource(seed: UInt64(try #require(entry["seed"]?.intValue))))
    }

    @Test(arguments: GoldenSet.caseNames("likelihood"))
    func `estimates are the reference's for the same seed, round by round`(name: String) throws {
        let entry = try golden.named(name, list: "cases")
        let likelihood = AnswerLikelihood(model.transformer, maskID: model.vocabulary.mask, try settings(entry))
        let found = try likelihood.estimates([query(entry)])[0]
        let losses: [Double] = try golden[name + ".loss_per_round"].array()
        #expect(found.losses.count == losses.count)
        for (found, expected) in zip(found.losses, losses) { #expect(abs(found - expected) <= 1e-5 * abs(expected)) }
        let expected = try #require(entry["log_likelihood"]?.doubleValue)
        #expect(abs(found.logLikelihood - expected) <= 1e-5 * abs(expected))
    }

    @Test func `answers that are scored together get what they get alone`() throws {
        let entries = try #require(golden.json["cases"]?.arrayValue)
        let settings = AnswerLikelihood.Settings(samples: 8, batchSize: 4, guidanceScale: 0.5)
        let likelihood = AnswerLikelihood(model.transformer, maskID: model.vocabulary.mask, settings)
        let together = try likelihood.estimates(entries.map(query))
        for (entry, estimate) in zip(entries, together) {
            let alone = try likelihood.estimates([query(entry)])[0]
            for (a, b) in zip(alone.losses, estimate.losses) { #expect(abs(a - b) <= 1e-4 * abs(a)) }
        }
    }

    @Test func `work ends when it is told that the estimates are settled`() throws {
        let entry = try #require(golden.json["cases"]?.arrayValue?.first)
        let settings = AnswerLikelihood.Settings(samples: 40, batchSize: 4)
        let likelihood = AnswerLikelihood(model.transformer, maskID: model.vocabulary.mask, settings)
        let whole = try likelihood.estimates([query(entry)])[0]
        let part = try likelihood.estimates([query(entry)], until: { $0[0].losses.count == 3 })[0]
        #expect(whole.losses.count == 10 && part.losses == Array(whole.losses.prefix(3)))
        #expect(part.standardError.isFinite && whole.standardError > 0)
    }

    @Test(arguments: GoldenSet.caseNames("likelihood", list: "greedy_suffix"))
    func `greedy answers are the reference's`(name: String) throws {
        let entry = try golden.named(name, list: "greedy_suffix")
        let likelihood = AnswerLikelihood(model.transformer, maskID: model.vocabulary.mask)
        let (prompt, answer, greedy) = (
            try tokens(name + ".prompt"), try tokens(name + ".answer"), try tokens(name + ".greedy_answer")
        )
        #expect(try likelihood.greedyAnswer(count: greedy.count, after: prompt) == greedy)
        #expect(try likelihood.isGreedy(answer, after: prompt) == (entry["matches_answer"] == .bool(true)))
        #expect(try likelihood.isGreedy(greedy, after: prompt))
    }
}
