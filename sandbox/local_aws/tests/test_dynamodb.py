"""Amazon DynamoDB, as moto has it: what a lock and a list of records stand on."""

from .support import TestCase

TABLE = {
    "TableName": "releases",
    "KeySchema": [{"AttributeName": "project", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "project", "AttributeType": "S"},
        {"AttributeName": "item", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class DynamoDb(TestCase):
    def setUp(self):
        super().setUp()
        self.table = self.client("dynamodb")
        self.table.create_table(**TABLE)

    def put(self, item, **more):
        keys = {"project": {"S": "concepts"}, "item": {"S": item}}
        return self.table.put_item(TableName="releases", Item={**keys, "token": {"S": "mine"}}, **more)

    def test_a_conditional_write_loses_and_tells_what_is_there(self):
        condition = {"ConditionExpression": "attribute_not_exists(#item)", "ExpressionAttributeNames": {"#item": "item"}}
        self.put("lock#a", **condition)
        error = self.refused(
            "ConditionalCheckFailedException",
            self.put,
            item="lock#a",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **condition,
        )
        self.assertEqual(error.response["Item"]["token"], {"S": "mine"})

    def test_an_update_on_the_holders_token(self):
        self.put("lock#a")
        update = {
            "TableName": "releases",
            "Key": {"project": {"S": "concepts"}, "item": {"S": "lock#a"}},
            "UpdateExpression": "SET renewals = :one",
            "ConditionExpression": "#token = :token",
            "ExpressionAttributeNames": {"#token": "token"},
        }
        self.table.update_item(**update, ExpressionAttributeValues={":one": {"N": "1"}, ":token": {"S": "mine"}})
        values = {":one": {"N": "2"}, ":token": {"S": "another's"}}
        self.refused("ConditionalCheckFailedException", self.table.update_item, **update, ExpressionAttributeValues=values)
        got = self.table.get_item(TableName="releases", Key=update["Key"], ConsistentRead=True)
        self.assertEqual(got["Item"]["renewals"], {"N": "1"})

    def test_a_query_gives_pages_newest_first(self):
        for number in range(5):
            self.put(f"release#2022-10-1{number}")
        self.put("lock#a")
        query = {
            "TableName": "releases",
            "KeyConditionExpression": "#project = :project AND begins_with(#item, :kind)",
            "ExpressionAttributeNames": {"#project": "project", "#item": "item"},
            "ExpressionAttributeValues": {":project": {"S": "concepts"}, ":kind": {"S": "release#"}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        first = self.table.query(**query, Limit=3)
        self.assertEqual([item["item"]["S"][-2:] for item in first["Items"]], ["14", "13", "12"])
        rest = self.table.query(**query, ExclusiveStartKey=first["LastEvaluatedKey"])
        self.assertEqual([item["item"]["S"][-2:] for item in rest["Items"]], ["11", "10"])

    def test_accounts_have_tables_of_their_own(self):
        other = self.client("dynamodb", account="999999999999")
        self.refused("ResourceNotFoundException", other.describe_table, TableName="releases")
        self.assertEqual(self.table.describe_table(TableName="releases")["Table"]["TableStatus"], "ACTIVE")
