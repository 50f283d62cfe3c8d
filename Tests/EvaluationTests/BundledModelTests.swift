import Diffusion
import Evaluation
import Foundation
import MMaDA
import ShapesWorld
import Testing

/// The small model that ships with the project.
@Suite struct BundledModelTests {
    private static let folder = URL(filePath: #filePath)  // Tests/EvaluationTests/BundledModelTests.swift
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(components: "Models", "shapes", directoryHint: .isDirectory)

    private func evaluation(count: Int) throws -> ShapesEvaluation {
        var options = ShapesEvaluation.Options()
        options.count = count
        options.genLength = 48
        options.blockLength = 8
        options.image.guidanceScale = 0.5
        return ShapesEvaluation(
            try MMaDAModel(directory: Self.folder), world: World(level: .cells, seed: 1), options: options)
    }

    @Test func `it is sound and at most 24 MB`() throws {
        #expect(try ModelInspection(directory: Self.folder).isSound)
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.folder.path)
        let sizes = try names.map { name in
            let path = Self.folder.appending(path: name).path
            return (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        }
        #expect(sizes.reduce(0, +) <= 24_000_000)
    }

    @Test func `pictures come back through its codes`() throws {
        let scores = try evaluation(count: 16).score(.reconstruction)
        let ratio = try #require(scores.aspects.first { $0.name == "psnr" }?.mean)
        #expect(ratio >= 28)
        #expect(scores.accuracy >= 0.75)
    }

    @Test func `the same seed gives the same scores, and other items other ones`() throws {
        let first = try evaluation(count: 6).score(.painting)
        let again = try evaluation(count: 6).score(.painting)
        #expect(first.samples.compactMap(\.picture) == again.samples.compactMap(\.picture))
        #expect(first.count == 6)
        #expect(Set(first.samples.map(\.prompt)).count == 6)
    }

    @Test func `it paints and describes what it was asked to`() throws {
        #expect(try evaluation(count: 32).score(.painting).accuracy >= 0.6)
        #expect(try evaluation(count: 16).score(.description).accuracy >= 0.85)
    }

    @Test func `it reasons about pictures and numbers far better than guessing would`() throws {
        var options = ShapesEvaluation.Options()
        options.count = 24
        let evaluation = ShapesEvaluation(
            try MMaDAModel(directory: Self.folder), world: World(level: .cells, seed: 1), options: options)
        #expect(try evaluation.score(.questions).accuracy >= 0.8)
        #expect(try evaluation.score(.problems).accuracy >= 0.7)
    }
}
