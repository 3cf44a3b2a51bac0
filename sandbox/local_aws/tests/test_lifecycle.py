"""Previews of lifecycle policies in Amazon ECR."""

import json
import time

from .support import TestCase


def rule(priority, count_type, number, status="tagged", **lists):
    """A rule that expires."""
    unit = {"countUnit": "days"} if count_type == "sinceImagePushed" else {}
    selection = {"tagStatus": status, "countType": count_type, "countNumber": number, **unit, **lists}
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


class Preview(TestCase):
    def setUp(self):
        super().setUp()
        self.ecr = self.client("ecr")
        self.ecr.create_repository(repositoryName="weco/a")

    def image(self, seed, days, *tags, kind="docker"):
        """An image pushed so many days ago; gives its digest."""
        body = {"region": "eu-west-1", "repository": "weco/a", "seed": seed, "kind": kind, "tags": list(tags)}
        return self.control("image", {**body, "pushed_at": int(time.time()) - days * 86_400})["digest"]

    def preview(self, *rules, **parameters):
        """The digests that would expire, each with the rule that takes it, oldest first."""
        text = json.dumps({"rules": rules})
        self.ecr.put_lifecycle_policy(repositoryName="weco/a", lifecyclePolicyText=text)
        started = self.ecr.start_lifecycle_policy_preview(repositoryName="weco/a")
        self.assertEqual(started["status"], "IN_PROGRESS")
        answer = self.ecr.get_lifecycle_policy_preview(repositoryName="weco/a", **parameters)
        self.assertEqual((answer["status"], json.loads(answer["lifecyclePolicyText"])), ("COMPLETE", {"rules": list(rules)}))
        return [(one["imageDigest"], one["appliedRulePriority"]) for one in answer["previewResults"]]

    def test_by_count_the_oldest_go_counted_from_the_push(self):
        old, _newer = self.image("one", 9, "ref.1"), self.image("two", 1, "ref.2")
        self.assertEqual(self.preview(rule(1, "imageCountMoreThan", 1, tagPrefixList=["ref."])), [(old, 1)])

    def test_by_age(self):
        old, _newer = self.image("one", 15, "ref.1"), self.image("two", 13, "ref.2")
        self.assertEqual(self.preview(rule(1, "sinceImagePushed", 14, tagPatternList=["ref*"])), [(old, 1)])

    def test_an_image_that_fits_an_earlier_rule_is_out_of_reach_of_the_later_but_is_counted(self):
        self.image("live", 9, "ref.1", "2022-08-31")
        old, _newer = self.image("two", 8, "ref.2"), self.image("three", 1, "ref.3")
        keep = rule(1, "imageCountMoreThan", 100, tagPatternList=["20*-*-*"])
        builds = rule(2, "imageCountMoreThan", 1, tagPrefixList=["ref."])
        self.assertEqual(self.preview(builds, keep), [(old, 2)])

    def test_of_several_patterns_each_must_fit(self):
        both, _one = self.image("both", 9, "alpha-1", "beta"), self.image("one", 9, "alpha-2")
        self.assertEqual(self.preview(rule(1, "sinceImagePushed", 1, tagPrefixList=["alp", "bet"])), [(both, 1)])

    def test_untagged_and_any(self):
        untagged, tagged = self.image("one", 9), self.image("two", 8, "latest")
        self.assertEqual(self.preview(rule(1, "sinceImagePushed", 1, "untagged")), [(untagged, 1)])
        self.assertEqual(self.preview(rule(1, "sinceImagePushed", 1, "any")), [(untagged, 1), (tagged, 1)])

    def test_the_children_of_an_index_stay_with_it(self):
        self.image("one", 9, "latest", kind="oci-index")
        self.assertEqual(self.preview(rule(1, "sinceImagePushed", 1, "untagged")), [])

    def test_some_images_only_and_pages(self):
        digests = [self.image(str(number), 9 - number, f"ref.{number}") for number in range(3)]
        oldest_two = rule(1, "imageCountMoreThan", 1, tagPrefixList=["ref."])
        asked = [{"imageDigest": digests[1]}, {"imageDigest": digests[2]}]
        self.assertEqual(self.preview(oldest_two, imageIds=asked), [(digests[1], 1)])
        self.assertEqual(self.preview(oldest_two, imageIds=[{"imageTag": "ref.0"}]), [(digests[0], 1)])
        pages = self.ecr.get_paginator("get_lifecycle_policy_preview").paginate(
            repositoryName="weco/a", PaginationConfig={"PageSize": 1}
        )
        self.assertEqual([len(page["previewResults"]) for page in pages], [1, 1])

    def test_a_preview_takes_a_while_and_two_at_once_are_refused(self):
        self.preview(rule(1, "sinceImagePushed", 1, "any"))
        self.control("set", {"lifecycle_preview_s": 0.4})
        self.ecr.start_lifecycle_policy_preview(repositoryName="weco/a")
        again = {"repositoryName": "weco/a"}
        self.refused("LifecyclePolicyPreviewInProgressException", self.ecr.start_lifecycle_policy_preview, **again)
        self.assertEqual(self.ecr.get_lifecycle_policy_preview(**again)["status"], "IN_PROGRESS")
        time.sleep(0.5)
        self.assertEqual(self.ecr.get_lifecycle_policy_preview(**again)["status"], "COMPLETE")

    def test_a_repository_without_policy_and_one_without_preview(self):
        asked = {"repositoryName": "weco/a"}
        self.refused("LifecyclePolicyNotFoundException", self.ecr.start_lifecycle_policy_preview, **asked)
        self.refused("LifecyclePolicyPreviewNotFoundException", self.ecr.get_lifecycle_policy_preview, **asked)
