"""Amazon ECR."""

import hashlib
import json
import unittest

from local_aws import images

from .support import TestCase

ALL = [images.DOCKER_IMAGE, images.DOCKER_LIST, images.OCI_IMAGE, images.OCI_INDEX]


class PutImage(TestCase):
    def setUp(self):
        super().setUp()
        self.ecr = self.client("ecr")
        self.image = self.seed("weco/a", "one", tags=["latest"])
        self.parameters = {
            "repositoryName": "weco/a",
            "imageManifest": self.image["manifest"],
            "imageManifestMediaType": self.image["media_type"],
            "imageDigest": self.image["digest"],
        }

    def test_the_digest_is_the_hash_of_the_bytes(self):
        answer = self.ecr.put_image(**self.parameters, imageTag="2022-10-14")
        expected = "sha256:" + hashlib.sha256(self.image["manifest"].encode()).hexdigest()
        self.assertEqual(answer["image"]["imageId"]["imageDigest"], expected)
        self.assertEqual(answer["image"]["imageId"]["imageTag"], "2022-10-14")

    def test_another_digest_is_refused(self):
        wrong = {**self.parameters, "imageDigest": "sha256:" + "0" * 64}
        self.refused("ImageDigestDoesNotMatchException", self.ecr.put_image, **wrong, imageTag="x")

    def test_the_same_again_is_already_there(self):
        self.refused("ImageAlreadyExistsException", self.ecr.put_image, **self.parameters, imageTag="latest")

    def test_a_moved_tag_leaves_the_old_image_reachable_by_digest(self):
        newer = self.seed("weco/a", "two", tags=["ref.2"])
        self.ecr.put_image(repositoryName="weco/a", imageManifest=newer["manifest"], imageTag="latest")
        old = self.ecr.describe_images(repositoryName="weco/a", imageIds=[{"imageDigest": self.image["digest"]}])
        self.assertNotIn("imageTags", old["imageDetails"][0])
        named = self.ecr.describe_images(repositoryName="weco/a", imageIds=[{"imageTag": "latest"}])
        self.assertEqual(named["imageDetails"][0]["imageDigest"], newer["digest"])

    def test_an_immutable_tag_does_not_move(self):
        newer = self.seed("weco/a", "two")
        self.ecr.put_image_tag_mutability(repositoryName="weco/a", imageTagMutability="IMMUTABLE")
        put = {"repositoryName": "weco/a", "imageManifest": newer["manifest"], "imageTag": "latest"}
        self.refused("ImageTagAlreadyExistsException", self.ecr.put_image, **put)

    def test_an_index_needs_its_children(self):
        index = images.build("elsewhere", "oci-index")[-1][1]
        put = {"repositoryName": "weco/a", "imageManifest": index, "imageTag": "x"}
        self.refused("ReferencedImagesNotFoundException", self.ecr.put_image, **put)

    def test_a_manifest_without_media_type_needs_the_parameter(self):
        manifest = json.loads(self.image["manifest"])
        del manifest["mediaType"]
        put = {"repositoryName": "weco/a", "imageManifest": json.dumps(manifest), "imageTag": "x"}
        self.refused("InvalidParameterException", self.ecr.put_image, **put)

    def test_a_repository_that_does_not_exist(self):
        put = {**self.parameters, "repositoryName": "weco/absent", "imageTag": "x"}
        self.refused("RepositoryNotFoundException", self.ecr.put_image, **put)


class BatchGetImage(TestCase):
    def get(self, **identity):
        ecr = self.client("ecr")
        return ecr.batch_get_image(repositoryName="weco/a", imageIds=[identity], acceptedMediaTypes=ALL)

    def test_each_kind_comes_back_byte_for_byte(self):
        for kind in images.KINDS:
            image = self.seed("weco/a", kind, kind, [kind])
            got = self.get(imageTag=kind)["images"][0]
            self.assertEqual(got["imageManifest"], image["manifest"])
            self.assertEqual(got["imageManifestMediaType"], image["media_type"])

    def test_what_is_missing_is_a_failure_not_an_error(self):
        image = self.seed("weco/a", "one", tags=["latest"])
        self.assertEqual(self.get(imageTag="absent")["failures"][0]["failureCode"], "ImageNotFound")
        clash = self.get(imageTag="absent", imageDigest=image["digest"])
        self.assertEqual(clash["failures"][0]["failureCode"], "ImageTagDoesNotMatchDigest")

    def test_an_oci_image_is_converted_for_who_does_not_accept_it_but_never_by_digest(self):
        image = self.seed("weco/a", "one", "oci", ["latest"])
        ecr = self.client("ecr")
        by_tag = ecr.batch_get_image(repositoryName="weco/a", imageIds=[{"imageTag": "latest"}])["images"][0]
        self.assertEqual(by_tag["imageManifestMediaType"], images.DOCKER_IMAGE)
        self.assertNotEqual(by_tag["imageManifest"], image["manifest"])
        by_digest = ecr.batch_get_image(repositoryName="weco/a", imageIds=[{"imageDigest": image["digest"]}])["images"][0]
        self.assertEqual(by_digest["imageManifest"], image["manifest"])

    def test_another_accounts_registry(self):
        self.seed("weco/a", "one", tags=["latest"])
        other = self.client("ecr", account="999999999999")
        got = other.batch_get_image(registryId=self.account, repositoryName="weco/a", imageIds=[{"imageTag": "latest"}])
        self.assertEqual(got["images"][0]["registryId"], self.account)
        self.refused(
            "RepositoryNotFoundException", other.batch_get_image, repositoryName="weco/a", imageIds=[{"imageTag": "latest"}]
        )


class Deleting(TestCase):
    def test_children_of_an_index_stay(self):
        index = self.seed("weco/a", "one", "oci-index", ["latest"])
        child = json.loads(index["manifest"])["manifests"][0]["digest"]
        answer = self.client("ecr").batch_delete_image(repositoryName="weco/a", imageIds=[{"imageDigest": child}])
        self.assertEqual(answer["failures"][0]["failureCode"], "ImageReferencedByManifestList")

    def test_the_last_tag_takes_the_image_with_it(self):
        self.seed("weco/a", "one", tags=["latest", "ref.1"])
        ecr = self.client("ecr")
        ecr.batch_delete_image(repositoryName="weco/a", imageIds=[{"imageTag": "latest"}])
        self.assertEqual(len(ecr.describe_images(repositoryName="weco/a")["imageDetails"]), 1)
        ecr.batch_delete_image(repositoryName="weco/a", imageIds=[{"imageTag": "ref.1"}])
        self.assertEqual(len(ecr.describe_images(repositoryName="weco/a")["imageDetails"]), 0)


class Listing(TestCase):
    def test_pages_and_tag_status(self):
        for number in range(5):
            self.seed("weco/a", str(number), tags=[f"tag-{number}"])
        self.seed("weco/a", "untagged")
        pages = list(
            self.client("ecr")
            .get_paginator("describe_images")
            .paginate(repositoryName="weco/a", filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 2})
        )
        self.assertEqual([len(page["imageDetails"]) for page in pages], [2, 2, 1])
        identities = self.client("ecr").list_images(repositoryName="weco/a", filter={"tagStatus": "UNTAGGED"})
        self.assertEqual(len(identities["imageIds"]), 1)

    def test_the_size_is_that_of_the_layers(self):
        self.seed("weco/a", "one", tags=["latest"])
        image = self.client("ecr").describe_images(repositoryName="weco/a")["imageDetails"][0]
        self.assertGreater(image["imageSizeInBytes"], 38_000_000)


if __name__ == "__main__":
    unittest.main()
